/** How versions share the traffic where it goes back, or where one of them can carry nothing any more. */
import type { VersionView } from './observation.ts';
import { nameOf } from './release-context.ts';

/** The percentage of the candidate's pods. `calculateShare(1, 3)` is 25, `calculateShare(3, 0)` is 100, `calculateShare(0, 3)` is 0. */
export function calculateShare(candidate: number, stable: number): number {
  return candidate + stable === 0 ? 0 : Math.round((100 * candidate) / (candidate + stable));
}

/**
 * What the stable version is given, in percent: as much as its ready pods can carry when `needed` of them carry all of it,
 * and never so little that they would carry less than those of the other versions do. `calculateReturn(1, 3, 3)` is 33,
 * `calculateReturn(2, 4, 1)` is 67, and without other pods it is all.
 */
export function calculateReturn(ready: number, needed: number, others: number): number {
  if (others === 0) return 100;
  const carried = Math.max(Math.round((100 * ready) / needed), Math.round((100 * ready) / (ready + others)));
  return Math.min(100, carried);
}

/** Whole weights that sum to the total, by the ready pods behind each version. */
export function shareOut(total: number, views: readonly VersionView[]): Readonly<Record<string, number>> {
  const pods = views.reduce((sum, { backends }) => sum + backends.length, 0);
  const upTo = (count: number): number => Math.round((total * count) / Math.max(1, pods));
  let before = 0;
  const shares = views.map(({ release, backends }) => {
    const start = before;
    before += backends.length;
    return [nameOf(release), upTo(before) - upTo(start)] as const;
  });
  return Object.fromEntries(shares);
}
