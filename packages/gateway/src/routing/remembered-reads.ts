import type { EndpointSlice, Secret, Service } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';

/** What of the cluster a route is made of, beside the object that asks for it. */
export interface RoutingReads {
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  /** One that a Split names for its sessions. */
  sessionSecret(namespace: string, name: string): Secret | undefined;
}

interface Known<Result> {
  readonly result: Result;
  /** Whether everything that it was calculated from would be read again. */
  readonly isCurrent: (cluster: RoutingReads) => boolean;
}

/**
 * What was calculated for an object, with what was read for it: as long as all that is the same, so is the result. With a
 * thousand routes a change of one costs the look at the others, and not their calculation. Holds nothing of what is gone.
 */
export class RememberedReads<Result> {
  readonly #known = new WeakMap<KubeObject, Known<Result>>();

  resultFor(object: KubeObject, cluster: RoutingReads, calculate: (cluster: RoutingReads) => Result): Result {
    const known = this.#known.get(object);
    if (known?.isCurrent(cluster) === true) return known.result;
    const checks: Known<Result>['isCurrent'][] = [];
    const result = calculate(watched(cluster, checks));
    this.#known.set(object, { result, isCurrent: (now) => checks.every((isSame) => isSame(now)) });
    return result;
  }
}

/** The same cluster; adds a check for each thing that is read of it. Objects of the cluster are replaced, never changed. */
function watched(cluster: RoutingReads, checks: Known<unknown>['isCurrent'][]): RoutingReads {
  return {
    service: (namespace, name) => {
      const service = cluster.service(namespace, name);
      checks.push((now) => now.service(namespace, name) === service);
      return service;
    },
    slices: (namespace, name) => {
      const slices = cluster.slices(namespace, name);
      checks.push((now) => isSameList(now.slices(namespace, name), slices));
      return slices;
    },
    sessionSecret: (namespace, name) => {
      const secret = cluster.sessionSecret(namespace, name);
      checks.push((now) => now.sessionSecret(namespace, name) === secret);
      return secret;
    },
  };
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
