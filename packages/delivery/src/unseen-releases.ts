import type { Release } from './api/release.ts';
import { isOurs } from './names.ts';
import { nameOf } from './release-context.ts';

/** One of those that there are, of the Application with that uid, that a look did not show; none that is on its way out. */
export function findUnseen(
  there: readonly Release[],
  seen: readonly Release[],
  applicationUid: string,
): Release | undefined {
  const known = new Set(seen.map(nameOf));
  return there.find(
    (release) =>
      isOurs(release, applicationUid) &&
      release.metadata.deletionTimestamp === undefined &&
      !known.has(nameOf(release)),
  );
}
