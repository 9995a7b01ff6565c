import type { Container, Pod } from '@slipway/kube/api.generated';
import { controllerOf } from '@slipway/kube/owner-references';
import { neighbourOf, type Neighbour } from './neighbour.ts';
import { quantityMilliValue, quantityValue } from '@slipway/kube/quantity';

/** Amounts by resource name: thousandths of `cpu`, whole units of everything else. */
export type Amounts = ReadonlyMap<string, number>;

/** What a pod takes from its node. Read from the pod once: quantities are slow to parse. */
export interface PodDemand {
  readonly uid: string;
  readonly requests: Amounts;
  /** `protocol/address/port` on the node. */
  readonly hostPorts: readonly string[];
  /** Of the workload that it should be spread with. */
  readonly ownerUid: string | undefined;
  /** As other pods see it. */
  readonly neighbour: Neighbour;
}

export function calculateDemand(pod: Pod): PodDemand {
  return {
    uid: pod.metadata.uid ?? '',
    requests: calculateRequests(pod),
    hostPorts: calculateHostPorts(pod),
    ownerUid: controllerOf(pod)?.uid,
    neighbour: neighbourOf(pod),
  };
}

/**
 * The sum over containers and sidecars, or what the hungriest init container needs beside the sidecars that were started
 * before it, whichever is more; and the overhead. `web 200m, init 500m` gives 500m; with a sidecar of 100m started first, 600m.
 */
function calculateRequests({ spec }: Pod): Amounts {
  const total = new Map<string, number>();
  const sidecars = new Map<string, number>();
  const peak = new Map<string, number>();
  for (const container of spec?.initContainers ?? []) {
    const requests = requestsOf(container);
    if (container.restartPolicy === 'Always') add(sidecars, requests);
    else raise(peak, sumOf(sidecars, requests));
  }
  raise(peak, sidecars);
  add(total, sidecars);
  for (const container of spec?.containers ?? []) add(total, requestsOf(container));
  raise(total, peak);
  add(total, parseAmounts(spec?.overhead));
  return total;
}

/** A limit without a request is the request too. */
function requestsOf({ resources }: Container): Amounts {
  return parseAmounts({ ...resources?.limits, ...resources?.requests });
}

export function parseAmounts(list: Readonly<Record<string, string | number>> | undefined): Amounts {
  return new Map(
    Object.entries(list ?? {}).map(([name, quantity]) => [
      name,
      name === 'cpu' ? quantityMilliValue(quantity) : quantityValue(quantity),
    ]),
  );
}

function add(to: Map<string, number>, amounts: Amounts): void {
  for (const [name, amount] of amounts) to.set(name, (to.get(name) ?? 0) + amount);
}

function raise(to: Map<string, number>, amounts: Amounts): void {
  for (const [name, amount] of amounts) to.set(name, Math.max(to.get(name) ?? 0, amount));
}

function sumOf(a: Amounts, b: Amounts): Amounts {
  const sum = new Map(a);
  add(sum, b);
  return sum;
}

function calculateHostPorts({ spec }: Pod): readonly string[] {
  return (spec?.containers ?? [])
    .flatMap(({ ports }) => ports ?? [])
    .flatMap(({ hostPort, hostIP, protocol = 'TCP' }) =>
      hostPort === undefined || hostPort === 0 ? [] : [`${protocol}/${hostIP ?? '0.0.0.0'}/${hostPort}`],
    );
}
