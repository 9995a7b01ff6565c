/** What spec says of the route, as a Split says it. */
import { carriersOf, type SplitBackend, type SplitRule } from '@slipway/kube/split';
import type { Application } from './api/application.ts';
import type { Observation } from './observation.ts';
import { askedCarrier } from './carriers.ts';

/** What a rule says beside its backends. */
export function routeRule({ spec }: Application): Omit<SplitRule, 'backends'> {
  const { hosts = [], paths = ['/'], redirectWww, compression, responseHeaders, tls } = spec.route ?? {};
  return { hosts, paths, redirectWww, compression, responseHeaders, tls };
}

/**
 * Preview hosts that the route's own hosts cover lead nowhere while nothing is previewed: without a rule of their own they
 * would lead to production.
 */
export function closedPreview({ spec }: Application): readonly SplitRule[] {
  const { hosts = [], paths = ['/'] } = spec.route ?? {};
  const covered = (spec.strategy?.blueGreen?.previewHosts ?? []).filter((host) => isCovered(host, hosts));
  return covered.length === 0 ? [] : [{ hosts: covered, paths, backends: [] }];
}

/** No host at all is every host, and a star stands for one label. */
export function isCovered(host: string, hosts: readonly string[]): boolean {
  return hosts.length === 0 || hosts.includes(`*${host.slice(Math.max(0, host.indexOf('.')))}`);
}

/** Of the Services of all versions: by name where it has one, and for other routers, not all of which know names, by number. */
export function routePort({ application, split }: Pick<Observation, 'application' | 'split'>): SplitBackend['port'] {
  const [port] = application.spec.service?.ports ?? [];
  const carriers = [askedCarrier(application), ...(split === undefined ? [] : [split.spec])].flatMap(carriersOf);
  const name = carriers.every((carrier) => carrier === 'gateway') ? port?.name : undefined;
  return name ?? port?.port ?? 80;
}
