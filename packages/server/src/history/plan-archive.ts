/** What is to be written down about the Releases of one name, and when the cluster may forget one. Pure. */
import { archiveFinalizer, type Release } from '@slipway/delivery/api/release';
import { hasFinalizer } from '@slipway/kube/finalizers';

/** A record of a Release that is not known to be gone. */
export interface OpenRecord {
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface ArchiveObservation {
  readonly release: Release | undefined;
  /** More than one where a Release was deleted and another one of its name created, unseen. */
  readonly records: readonly OpenRecord[];
}

export type ArchiveAction =
  | { readonly type: 'record'; readonly release: Release }
  | { readonly type: 'recordDeletion'; readonly uid: string }
  | { readonly type: 'hold' | 'letGo'; readonly release: Release };

export function planArchive({ release, records }: ArchiveObservation): readonly ArchiveAction[] {
  const gone = records
    .filter(({ uid }) => uid !== release?.metadata.uid)
    .map(({ uid }): ArchiveAction => ({ type: 'recordDeletion', uid }));
  if (release === undefined) return gone;
  const { uid, resourceVersion, deletionTimestamp } = release.metadata;
  const record = records.find((each) => each.uid === uid);
  const isRecorded = record?.resourceVersion === resourceVersion;
  const isHeld = hasFinalizer(release, archiveFinalizer);
  const news: readonly ArchiveAction[] = isRecorded ? [] : [{ type: 'record', release }];
  if (deletionTimestamp === undefined)
    // First, so that nothing that happens after the record is forgotten.
    return isHeld ? [...gone, ...news] : [...gone, { type: 'hold', release }];
  // Last, and on the very state that was written down.
  return isHeld ? [...gone, ...news, { type: 'letGo', release }] : [...gone, ...news];
}
