import type { KubeObject } from '@slipway/kube/object';
import type { SendBatch } from '@slipway/kube/transport';

export interface WatchStreamEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/** Either is read, and only once. */
export interface WatchEvents extends AsyncIterable<WatchStreamEvent> {
  /** For whoever sends them on: what has happened meanwhile together, at a pace at which all who watch can be told. */
  follow(send: SendBatch): Promise<void>;
}
