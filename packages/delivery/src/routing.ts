/** The route follows spec at once, whatever is being released: where it leads stays as it is. */
import { isSameJson } from '@slipway/kube/json-equality';
import type { SplitBackend, SplitRule } from '@slipway/kube/split';
import type { Application } from './api/application.ts';
import type { Release } from './api/release.ts';
import { isRouted, previewOf, replicasOf, splitWeights, viewOf, type Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { statusOf } from './release-changes.ts';
import { nameOf } from './release-context.ts';
import { planRouteRemoval, type Removal } from './route-removal.ts';
import { stableRelease } from './current-releases.ts';

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
function isCovered(host: string, hosts: readonly string[]): boolean {
  return hosts.length === 0 || hosts.includes(`*${host.slice(Math.max(0, host.indexOf('.')))}`);
}

/** Of the Services of all versions, by name where it has one. */
export function routePort({ spec }: Application): SplitBackend['port'] {
  const [port] = spec.service?.ports ?? [];
  return port?.name ?? port?.port ?? 80;
}

export function planRoute(observation: Observation, now: number): Removal {
  return isRouted(observation)
    ? { actions: planRule(observation), waitingFor: undefined }
    : planRouteRemoval(observation, now);
}

function planRule(observation: Observation): readonly Action[] {
  const { application, split } = observation;
  if (split === undefined) return [];
  const [main, ...others] = split.spec.rules;
  if (main === undefined) return [];
  const preview = previewOf(observation);
  const isPreviewRight = preview !== undefined || isSameJson(others, closedPreview(application));
  const { backends, ...rule } = main;
  const isSame =
    isPreviewRight &&
    isSameJson(rule, routeRule(application)) &&
    backends.every(({ port }) => port === routePort(application)) &&
    split.spec.drainSeconds === application.spec.drainSeconds;
  const weights = knownWeights(observation);
  // A version whose record was deleted still serves: its record is written down again, and then the route follows.
  const isKnown = Object.entries(splitWeights(observation)).every(([name, weight]) => weight === 0 || name in weights);
  return isSame || !isKnown ? [] : [{ type: 'setSplit', weights, preview }];
}

/** Without versions that have no record. */
function knownWeights(observation: Observation): Readonly<Record<string, number>> {
  const known = new Set(observation.releases.map(nameOf));
  return Object.fromEntries(Object.entries(splitWeights(observation)).filter(([name]) => known.has(name)));
}

/**
 * A route that spec has been given during a release leads to stable until traffic is moved. Where that is under way or done
 * the first split is the release's own.
 */
export function planOpening(observation: Observation, active: Release): readonly Action[] {
  const { phase } = statusOf(active);
  const stable = stableRelease(observation);
  const isMoved = phase === 'Promoting' || phase === 'Guarding';
  if (!isRouted(observation) || observation.split !== undefined || isMoved || stable === undefined) return [];
  return viewOf(observation, stable).backends.length === 0
    ? []
    : [{ type: 'setSplit', weights: { [nameOf(stable)]: 100 } }];
}

/** A version without a ready pod loses its weight at once if another in the split has one: an overloaded pod beats a dead one. */
export function planRescue(observation: Observation): readonly Action[] {
  // Nobody is to serve: weights that pods leave one after the other are found again when there are pods again.
  if (replicasOf(observation) === 0) return [];
  const weights = knownWeights(observation);
  const alive = new Set(
    observation.releases
      .filter((release) => nameOf(release) in weights && viewOf(observation, release).backends.length > 0)
      .map(nameOf),
  );
  const isDead = Object.entries(weights).some(([name, weight]) => weight > 0 && !alive.has(name));
  const carrying = [...alive].filter((name) => (weights[name] ?? 0) > 0);
  const stable = stableRelease(observation);
  const standby = stable !== undefined && alive.has(nameOf(stable)) ? [nameOf(stable)] : [];
  const [heir] = carrying.length > 0 ? carrying : standby;
  if (!isDead || heir === undefined) return [];
  const others = Object.fromEntries(Object.keys(weights).map((name) => [name, 0]));
  return [{ type: 'setSplit', weights: { ...others, [heir]: 100 }, preview: previewOf(observation) }];
}
