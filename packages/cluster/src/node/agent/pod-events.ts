import type { Pod } from '@slipway/kube/api.generated';

/** Where the agent says what happens to a pod; `container` names the one that it is about. */
export interface PodEvents {
  event(pod: Pod, event: PodEvent): void;
}

export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly container?: string | undefined;
}
