import type { Pod } from '@slipway/kube/api.generated';
import { annotations } from '../../src/names.ts';
import type { World } from './world.ts';

/** Since when which pods drain, as they are seen now. */
export function sightDrains({ pods, drains, now }: World): World['drains'] {
  if (drains.size === 0 && !pods.some(isDraining)) return drains;
  const noted = pods.flatMap(({ metadata: { uid = '', annotations: notes } }) => {
    const note = notes?.[annotations.drainingSince];
    return note === undefined ? [] : [{ uid, note }];
  });
  const isSame = noted.length === drains.size && noted.every(({ uid, note }) => drains.get(uid)?.note === note);
  if (isSame) return drains;
  return new Map(
    noted.map(({ uid, note }) => {
      const known = drains.get(uid);
      return [uid, known?.note === note ? known : { note, since: now }];
    }),
  );
}

function isDraining({ metadata }: Pod): boolean {
  return metadata.annotations?.[annotations.drainingSince] !== undefined;
}
