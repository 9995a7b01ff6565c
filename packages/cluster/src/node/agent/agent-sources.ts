import type { Pod, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { pods, services } from '@slipway/kube/resources';

export interface PodChange {
  readonly old: Pod | undefined;
  readonly current: Pod | undefined;
}

type Listener = (change: PodChange) => void;

/** What an agent follows: the pods of its node, and the Services that become variables of their containers. */
export interface AgentSources {
  /** For those that are an agent's own; shared ones run already. */
  start(signal: AbortSignal): void;
  synced(): Promise<unknown>;
  pods(): readonly Pod[];
  services(namespace: string): readonly Service[];
  /** Also replays what exists already. */
  onPodChange(listener: Listener): void;
}

export interface SourceOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1, as Math.random. */
  readonly random: () => number;
}

/** Watches of its own, as a kubelet has them. */
export function ownSources(options: SourceOptions, nodeName: string): AgentSources {
  const own = new Informer({ ...options, type: pods, fieldSelector: `spec.nodeName=${nodeName}` });
  const all = new Informer({ ...options, type: services });
  return {
    start: (signal) => {
      own.start(signal);
      all.start(signal);
    },
    synced: () => Promise.all([own.synced(), all.synced()]),
    pods: () => own.list(),
    services: (namespace) => all.list(namespace),
    onPodChange: (listener) => void own.onChange(listener),
  };
}

const byNode = 'node';

/**
 * One pair of watches for all agents of a process: with some for each, every change of a pod would be held against the
 * selectors of a thousand nodes, and every Service be kept a thousand times.
 */
export function shareSources(
  options: SourceOptions & { readonly signal: AbortSignal },
): (nodeName: string) => AgentSources {
  const everyPod = new Informer<Pod>({ ...options, type: pods, indexes: { [byNode]: (pod) => [nodeOf(pod)] } });
  const all = new Informer({ ...options, type: services });
  const listeners = new Map<string, Listener>();
  everyPod.onChange((change) => tellNodes(listeners, change));
  everyPod.start(options.signal);
  all.start(options.signal);
  return (nodeName) => ({
    start: () => undefined,
    synced: () => Promise.all([everyPod.synced(), all.synced()]),
    pods: () => everyPod.byIndex(byNode, nodeName),
    services: (namespace) => all.list(namespace),
    onPodChange: (listener) => {
      listeners.set(nodeName, listener);
      for (const current of everyPod.byIndex(byNode, nodeName)) listener({ old: undefined, current });
    },
  });
}

/** A pod that came back under its old name may be on another node than before: each hears of its own. */
function tellNodes(listeners: ReadonlyMap<string, Listener>, { old, current }: PodChange): void {
  const [before, now] = [nodeOf(old), nodeOf(current)];
  if (before === now) {
    listeners.get(now)?.({ old, current });
    return;
  }
  listeners.get(before)?.({ old, current: undefined });
  listeners.get(now)?.({ old: undefined, current });
}

function nodeOf(pod: Pod | undefined): string {
  return pod?.spec?.nodeName ?? '';
}
