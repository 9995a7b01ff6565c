/**
 * Scripted scenarios with controllers that are killed: after every single action, or one of them after its n-th. Each must be
 * seen to do what it does undisturbed, come to the same end, and break no rule of the interlock on the way.
 */
import { messageOf } from '@slipway/kube/message-of';
import type { Hand } from './hasty-hands.ts';
import { play, type Played, type Script } from './scripted-release.ts';

/** Whether every controller ends after its first action, or the first one after so many and the next one lives on. */
export type Stop = 'eachAction' | { readonly after: number };

export interface Wanted {
  readonly stop: Stop;
  readonly undisturbed: Played;
  readonly hand?: Hand | undefined;
}

/** Throws where it is not as it was undisturbed. */
export async function playStopped(script: Script, { stop, undisturbed, hand }: Wanted): Promise<void> {
  const actionsOfLife = (life: number): number =>
    stop === 'eachAction' ? 1 : life === 0 ? stop.after : Number.POSITIVE_INFINITY;
  const how = stop === 'eachAction' ? 'stopped after each action' : `stopped after action ${stop.after}`;
  try {
    const { end } = await play(script, { actionsOfLife, hand });
    const [is, wanted] = [end, undisturbed.end].map((each) =>
      JSON.stringify(script.isRace === true ? ofRace(each) : each),
    );
    if (is !== wanted) throw new Error(`the end is ${is}, and undisturbed ${wanted}`);
  } catch (cause) {
    throw new Error(`${how}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Where a person takes back what nobody has begun yet there is nothing on record; what has no traffic yet, or not
 * all of it, gives way to a newer version (`Superseded`), and what has all of it is stable before that (`Succeeded`).
 */
function ofRace({ serving, weights, pods, scale }: Played['end']): Partial<Played['end']> {
  return { serving, weights, pods, scale };
}

/** One of so many that together are all stops of all scenarios, and each of them once. */
export interface Part {
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

export interface Turn {
  readonly part: Part;
  /** Of the scenario among all. */
  readonly place: number;
}

const whole: Turn = { part: { number: 1, of: 1 }, place: 0 };

/** The first controller ends after its first action, its second, and so on. Each part has some of every scenario, spread over it. */
export function stopsInTurn({ actions }: Played, { part, place }: Turn = whole): readonly Stop[] {
  const all = Array.from({ length: actions }, (_, index) => ({ after: index + 1 }));
  return all.filter(({ after }) => (after + place) % part.of === part.number - 1);
}
