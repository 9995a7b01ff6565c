/** What StatefulSets and DaemonSets write alike: their pods and whose they are, the revisions of their template, their status. */
import type { ControllerRevision, Pod } from '@slipway/kube/api.generated';
import type { Informer } from '@slipway/kube/informer';
import { messageOf } from '@slipway/kube/message-of';
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerParts } from '../controller-parts.ts';
import { adopt, release } from '../ownership/write-claims.ts';
import { writeStatus } from '../write-status.ts';
import type { RevisionAction } from './plan-revisions.ts';
import { RevisionCollision, writeRevision } from './write-revisions.ts';

interface PodSet extends KubeObject {
  readonly status?: { readonly collisionCount?: number | undefined } | undefined;
}

export interface PodSetKind<T extends PodSet> {
  readonly type: ResourceType<T>;
  readonly informer: Pick<Informer<T>, 'resourceVersion'>;
  readonly parts: ControllerParts;
  readonly revisions: Informer<ControllerRevision>;
  /** A status that a set may have before its first one. */
  readonly emptyStatus: NonNullable<T['status']>;
  /** What its events say of a pod. */
  readonly words: {
    created(pod: Pod, set: T): string;
    notCreated(pod: Pod, set: T, cause: string): string;
    deleted(pod: Pod, set: T): string;
  };
}

export type SharedAction =
  | RevisionAction
  | { readonly kind: 'adopt' | 'release' | 'createPod' | 'deletePod'; readonly pod: Pod };

export class PodSetWriter<T extends PodSet> {
  readonly #kind: PodSetKind<T>;

  constructor(kind: PodSetKind<T>) {
    this.#kind = kind;
  }

  async act(action: SharedAction, set: T): Promise<void> {
    const { type, parts } = this.#kind;
    const { client, informers } = parts.context;
    switch (action.kind) {
      case 'adopt': {
        const adopted = await adopt(client, { type, object: set }, { type: pods, object: action.pod });
        parts.writes.wrote(keyOf(set), informers.pods, adopted);
        return;
      }
      case 'release': {
        const released = await release(client, set, { type: pods, object: action.pod });
        parts.writes.wrote(keyOf(set), informers.pods, released);
        return;
      }
      case 'createPod':
        await this.#createPod(set, action.pod);
        return;
      case 'deletePod':
        await this.#deletePod(set, action.pod);
        return;
      case 'createRevision':
      case 'renumberRevision':
      case 'deleteRevision':
        await this.#writeRevision(action, set);
    }
  }

  async writeStatus(set: T, status: NonNullable<T['status']>): Promise<void> {
    const { type, informer, parts } = this.#kind;
    parts.writes.wrote(keyOf(set), informer, await writeStatus(parts.context.client, type, { object: set, status }));
  }

  event(object: T, reason: string, message: string): void {
    const type = /Failed/.test(reason) ? 'Warning' : 'Normal';
    this.#kind.parts.events.event({ object, type: this.#kind.type }, { type, reason, message });
  }

  async #writeRevision(action: RevisionAction, set: T): Promise<void> {
    const { parts, revisions, emptyStatus } = this.#kind;
    try {
      await writeRevision(action, { parts, informer: revisions, owner: set });
    } catch (error) {
      if (error instanceof RevisionCollision) {
        const collisionCount = (set.status?.collisionCount ?? 0) + 1;
        await this.writeStatus(set, { ...emptyStatus, ...set.status, collisionCount });
      }
      throw error;
    }
  }

  async #createPod(set: T, pod: Pod): Promise<void> {
    const { parts, words } = this.#kind;
    const { client, informers } = parts.context;
    try {
      const created = await client.create(pods, pod);
      parts.writes.wrote(keyOf(set), informers.pods, created);
      this.event(set, 'SuccessfulCreate', words.created(created, set));
    } catch (error) {
      const cause = messageOf(error);
      this.event(set, 'FailedCreate', words.notCreated(pod, set, cause));
      throw error;
    }
  }

  async #deletePod(set: T, pod: Pod): Promise<void> {
    const { parts, words } = this.#kind;
    const { client, informers } = parts.context;
    try {
      await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
      this.event(set, 'SuccessfulDelete', words.deleted(pod, set));
    } catch (error) {
      // Gone already, or another of that name: what was wanted.
      if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
    }
    parts.writes.deleted(keyOf(set), informers.pods, pod);
  }
}
