/** The route follows spec at once, whatever is being released: where it leads stays as it is. */
import { isSameJson } from '@slipway/kube/json-equality';
import { foreignRouters, type SplitBackend, type SplitRule, type SplitSpec } from '@slipway/kube/split';
import type { Application } from './api/application.ts';
import type { Release } from './api/release.ts';
import {
  handlingOf,
  isRouted,
  previewOf,
  replicasOf,
  splitWeights,
  viewOf,
  type Observation,
  type VersionView,
} from './observation.ts';
import type { Action } from './plan.ts';
import { statusOf } from './release-changes.ts';
import { nameOf } from './release-context.ts';
import { planRouteRemoval, type Removal } from './route-removal.ts';
import { calculateFloor } from './context-of.ts';
import { stableRelease } from './current-releases.ts';
import { planDepartures, type Departures } from './sessions/former-versions.ts';
import { isAskedFor, planSessionKey, withSessions } from './sessions/session-route.ts';
import { calculateReturn, shareOut } from './sharing.ts';

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

/** Who carries the requests, where it is not our gateways; undefined fields otherwise. */
export function routeCarrier({
  spec: { route },
}: Application): Pick<SplitSpec, 'through' | 'parentRefs' | 'propagationSeconds'> {
  const through = foreignRouters.find((name) => name === route?.through);
  return through === undefined
    ? {}
    : { through, parentRefs: route?.parentRefs, propagationSeconds: route?.propagationSeconds };
}

/** Of the Services of all versions: by name where it has one, and for other routers, not all of which know names, by number. */
export function routePort(application: Application): SplitBackend['port'] {
  const [port] = application.spec.service?.ports ?? [];
  const name = routeCarrier(application).through === undefined ? port?.name : undefined;
  return name ?? port?.port ?? 80;
}

export function planRoute(observation: Observation, now: number): Removal {
  if (!isRouted(observation)) return planRouteRemoval(observation, now);
  const { leaving, requeueAfter } = planDepartures(observation, now);
  return { actions: planRule(observation, leaving), waitingFor: undefined, requeueAfter };
}

function planRule(observation: Observation, leaving: Departures['leaving']): readonly Action[] {
  const { application, split } = observation;
  if (split === undefined) return [];
  const [main, ...others] = split.spec.rules;
  if (main === undefined) return [];
  const preview = previewOf(observation);
  const isPreviewRight = preview !== undefined || isSameJson(others, closedPreview(application));
  const { backends, hosts, paths, redirectWww, compression, responseHeaders, tls } = main;
  const rule = { hosts, paths, redirectWww, compression, responseHeaders, tls };
  const { through, parentRefs, propagationSeconds } = split.spec;
  const weights = knownWeights(observation);
  const handling = handlingOf(observation);
  const asked = withSessions(observation, { type: 'setSplit', weights, preview, handling }, leaving);
  const isSame =
    isAskedFor(observation, asked) &&
    isPreviewRight &&
    isSameJson(rule, routeRule(application)) &&
    backends.every(({ port }) => port === routePort(application)) &&
    split.spec.drainSeconds === application.spec.drainSeconds &&
    isSameJson({ through, parentRefs, propagationSeconds }, routeCarrier(application));
  // A version whose record was deleted still serves: its record is written down again, and then the route follows.
  const isKnown = Object.entries(splitWeights(observation)).every(([name, weight]) => weight === 0 || name in weights);
  const key = planSessionKey(observation, asked.handling?.sessions);
  return isSame || !isKnown ? key : [...key, asked];
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

/**
 * A version without a ready pod loses its weight at once if another in the split has one: an overloaded pod beats a dead one.
 * Stable takes it, as far as its pods can carry that, and of what is left the others carry what their pods can.
 */
export function planRescue(observation: Observation, active: Release): readonly Action[] {
  // Nobody is to serve: weights that pods leave one after the other are found again when there are pods again.
  if (replicasOf(observation) === 0) return [];
  const weights = knownWeights(observation);
  const alive = observation.releases
    .map((release) => viewOf(observation, release))
    .filter(({ release, backends }) => nameOf(release) in weights && backends.length > 0);
  const isDead = Object.entries(weights).some(
    ([name, weight]) => weight > 0 && !alive.some(({ release }) => nameOf(release) === name),
  );
  const carrying = alive.filter(({ release }) => (weights[nameOf(release)] ?? 0) > 0);
  const standby = alive.filter(({ release }) => release === stableRelease(observation));
  const heirs = carrying.length > 0 ? carrying : standby;
  if (!isDead || heirs.length === 0) return [];
  const none = Object.fromEntries(Object.keys(weights).map((name) => [name, 0]));
  const inherited = inherit(heirs, { observation, weights, needed: calculateFloor(observation, active) });
  return [{ type: 'setSplit', weights: { ...none, ...inherited }, preview: previewOf(observation) }];
}

interface Estate {
  readonly observation: Observation;
  readonly weights: Readonly<Record<string, number>>;
  readonly needed: number;
}

/** Nobody beside stable is given more than before while stable can carry it. */
function inherit(
  heirs: readonly VersionView[],
  { observation, weights, needed }: Estate,
): Readonly<Record<string, number>> {
  const stable = heirs.find(({ release }) => release === stableRelease(observation));
  if (stable === undefined) return shareOut(100, heirs);
  const name = nameOf(stable.release);
  const others = heirs.filter((view) => view !== stable);
  const pods = others.reduce((sum, { backends }) => sum + backends.length, 0);
  const kept = others.reduce((sum, { release }) => sum + (weights[nameOf(release)] ?? 0), 0);
  const carried = Math.max(weights[name] ?? 0, calculateReturn(stable.backends.length, Math.max(1, needed), pods));
  const share = Math.min(100 - kept, carried);
  return { [name]: share, ...shareOut(100 - share, others) };
}
