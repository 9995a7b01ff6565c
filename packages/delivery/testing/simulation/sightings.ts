/** What the controller that leads has seen, by a clock that nobody sets. */
import type { Pod } from '@slipway/kube/api.generated';
import { annotations } from '../../src/names.ts';
import type { Sighting, World } from './world.ts';

type Sightings = ReadonlyMap<string, Sighting>;

/** Of a world as it is seen now: since when which pods have left and drain, and which gateway confirms what it confirms. */
export function sight(world: World): Pick<World, 'departures' | 'drains' | 'confirmations'> {
  return {
    departures: sightNotes(world, world.departures, annotations.leftAt),
    drains: sightNotes(world, world.drains, annotations.drainingSince),
    confirmations: sightConfirmations(world),
  };
}

function sightNotes({ pods, now }: World, before: Sightings, annotation: string): Sightings {
  const isNoted = ({ metadata }: Pod): boolean => metadata.annotations?.[annotation] !== undefined;
  if (before.size === 0 && !pods.some(isNoted)) return before;
  const notes = pods.flatMap(({ metadata: { uid = '', annotations: own } }) => {
    const note = own?.[annotation];
    return note === undefined ? [] : [[uid, note] as const];
  });
  return sighted(notes, before, now);
}

function sightConfirmations({ split, confirmations, now }: World): Sightings {
  const instances = split?.status?.instances ?? [];
  if (instances.length + confirmations.size === 0) return confirmations;
  const notes = instances.map(
    ({ name, observedGeneration, conflicts, unservedRules }) =>
      [name, JSON.stringify([split?.metadata.uid, observedGeneration, conflicts, unservedRules])] as const,
  );
  return sighted(notes, confirmations, now);
}

/** By what is looked at: what is noted of it, and since when. The same where nothing has changed. */
function sighted(notes: ReadonlyArray<readonly [string, string]>, before: Sightings, now: number): Sightings {
  const isSame = notes.length === before.size && notes.every(([of, note]) => before.get(of)?.note === note);
  if (isSame) return before;
  return new Map(
    notes.map(([of, note]) => {
      const known = before.get(of);
      return [of, known?.note === note ? known : { note, since: now }];
    }),
  );
}
