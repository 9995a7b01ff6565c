import type { Release } from '@slipway/delivery/api/release';
import type { Database } from '../database/database.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { findRecord, type ReleaseRecord } from './read-history.ts';

export interface ReleaseSources {
  readonly database: Database;
  readonly view: ClusterView;
}

/** As it was written down; one that is too new for that as the cluster has it, so that who has just begun it finds it. */
export async function findRelease(
  { database, view }: ReleaseSources,
  key: { readonly namespace: string; readonly name: string },
): Promise<ReleaseRecord | undefined> {
  const record = await findRecord(database, key);
  const seen = view.releases.get(key);
  const isWritten = record !== undefined && (record.deletedAt === undefined || record.uid === seen?.metadata.uid);
  return isWritten || seen === undefined ? record : describeUnwritten(seen);
}

/** As its record will be. */
export function describeUnwritten(release: Release): ReleaseRecord {
  const { metadata, spec, status } = release;
  const { uid = '', namespace = '', name = '', creationTimestamp = '' } = metadata;
  return {
    uid,
    namespace,
    name,
    application: spec.application,
    version: spec.version,
    phase: status?.phase ?? 'Pending',
    createdAt: creationTimestamp,
    finishedAt: status?.finishedAt,
    requestedBy: status?.attempts?.[0]?.by,
    release,
    logLength: 0,
  };
}
