import type { ControllerRevision } from '@slipway/kube/api.generated';
import { Informer } from '@slipway/kube/informer';
import { keyOf, type KubeObject } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { controllerRevisions } from '@slipway/kube/resources';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { byController } from '../shared-informers.ts';
import type { RevisionAction } from './plan-revisions.ts';

/** Started with the first controller that needs them. */
export function openRevisions(context: ControllerContext): Informer<ControllerRevision> {
  const indexes = { [byController]: (object: KubeObject) => [controllerOf(object)?.uid ?? ''] };
  const informer = new Informer<ControllerRevision>({ ...context, type: controllerRevisions, indexes });
  informer.start(context.signal);
  return informer;
}

/** Another state has the same hash: another name has to be found. */
export class RevisionCollision extends StatusError {
  constructor({ metadata }: ControllerRevision) {
    super(
      'AlreadyExists',
      `controller revision "${metadata.name ?? ''}" exists with another state; another hash is tried`,
    );
  }
}

export interface RevisionWriter {
  readonly parts: ControllerParts;
  readonly informer: Informer<ControllerRevision>;
  readonly owner: KubeObject;
}

/** Throws `RevisionCollision`. */
export async function writeRevision(action: RevisionAction, { parts, informer, owner }: RevisionWriter): Promise<void> {
  const { client } = parts.context;
  const key = keyOf(owner);
  const { revision } = action;
  switch (action.kind) {
    case 'createRevision':
      parts.writes.wrote(key, informer, await createRevision(parts, revision));
      return;
    case 'renumberRevision': {
      const { resourceVersion } = revision.metadata;
      const body = { metadata: { resourceVersion }, revision: action.number };
      const written = await client.patch(controllerRevisions, keyOf(revision), { type: 'merge', body });
      parts.writes.wrote(key, informer, written);
      return;
    }
    case 'deleteRevision':
      try {
        const { uid, resourceVersion } = revision.metadata;
        await client.delete(controllerRevisions, keyOf(revision), { preconditions: { uid, resourceVersion } });
      } catch (error) {
        if (!isStatusReason(error, 'NotFound')) throw error;
      }
      parts.writes.deleted(key, informer, revision);
  }
}

/** Ours may be there already, and the cache not know it. */
async function createRevision(
  { context: { client } }: ControllerParts,
  revision: ControllerRevision,
): Promise<ControllerRevision> {
  try {
    return await client.create(controllerRevisions, revision);
  } catch (error) {
    if (!isStatusReason(error, 'AlreadyExists')) throw error;
    const existing = await client.get(controllerRevisions, keyOf(revision));
    const isOurs = controllerOf(existing)?.uid === controllerOf(revision)?.uid;
    if (isOurs && isSemanticallyEqual(existing.data, revision.data)) return existing;
    throw new RevisionCollision(revision);
  }
}
