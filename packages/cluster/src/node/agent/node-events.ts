import type { Node } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import type { EventContent, EventRecorder } from '@slipway/kube/event-recorder';
import { nodes } from '@slipway/kube/resources';

/**
 * What `kubectl describe node` tells of a start. `before`: the Node as it was found or made. As the kubelet does, it is
 * referred to by its name in place of its uid, by which older kubectls look for it.
 */
export function tellOfStart(
  recorder: Pick<EventRecorder, 'event'>,
  before: Node,
  {
    limitations,
    events = 'all',
  }: { readonly limitations: readonly string[]; readonly events?: 'all' | 'warnings' | undefined },
): void {
  const { name = '' } = before.metadata;
  const object: Node = { ...before, metadata: { ...before.metadata, uid: name } };
  for (const what of eventsOf(before, limitations))
    if (what.type === 'Warning' || events === 'all') recorder.event({ object, type: nodes }, what);
}

function eventsOf({ metadata, status }: Node, limitations: readonly string[]): readonly EventContent[] {
  const wasReady = findCondition(status?.conditions, 'Ready')?.status === 'True';
  const ready = `Node ${metadata.name ?? ''} status is now: NodeReady`;
  return [
    { type: 'Normal', reason: 'Starting', message: 'Starting kubelet.' },
    ...(wasReady ? [] : [{ type: 'Normal', reason: 'NodeReady', message: ready } as const]),
    // What this machine cannot do is a condition of the node too; here it is found beside what happens.
    ...limitations.map((message) => ({ type: 'Warning', reason: 'MissingRights', message }) as const),
  ];
}
