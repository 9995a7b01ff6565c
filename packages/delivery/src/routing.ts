/** The route follows spec at once, whatever is being released: where it leads stays as it is. */
import { isSameJson } from '@slipway/kube/json-equality';
import type { Release } from './api/release.ts';
import { planComeback } from './moving-traffic.ts';
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
import { planHandover, type Handover } from './route-handover.ts';
import { planRouteRemoval, type Removal } from './route-removal.ts';
import { calculateFloor } from './context-of.ts';
import { stableRelease } from './current-releases.ts';
import { closedPreview, routePort, routeRule } from './route-rule.ts';
import { earlier } from './scaling.ts';
import { formerVersions, planDepartures, type Departures } from './sessions/former-versions.ts';
import { isAskedFor, planSessionKey, withSessions } from './sessions/session-route.ts';
import { calculateReturn, calculateShare, shareOut } from './sharing.ts';

export function planRoute(observation: Observation, now: number): Removal {
  if (!isRouted(observation)) return planRouteRemoval(observation);
  const { leaving, requeueAfter } = planDepartures(observation, now);
  const handover = planHandover(observation);
  return {
    actions: planRule(observation, leaving, handover),
    waitingFor: handover.waitingFor,
    requeueAfter: earlier(requeueAfter, handover.requeueAfter),
  };
}

function planRule(
  observation: Observation,
  leaving: Departures['leaving'],
  { carriers, message }: Handover,
): readonly Action[] {
  const { application, split } = observation;
  if (split === undefined) return [];
  const [main, ...others] = split.spec.rules;
  if (main === undefined) return [];
  const preview = previewOf(observation);
  const isPreviewRight = preview !== undefined || isSameJson(others, closedPreview(application));
  const { backends, hosts, paths, redirectWww, compression, responseHeaders, tls } = main;
  const rule = { hosts, paths, redirectWww, compression, responseHeaders, tls };
  const weights = knownWeights(observation);
  const handling = handlingOf(observation);
  const asked = withSessions(observation, { type: 'setSplit', weights, preview, handling, carriers }, leaving);
  const isSame =
    isAskedFor(observation, asked) &&
    isPreviewRight &&
    isSameJson(rule, routeRule(application)) &&
    backends.every(({ port }) => port === routePort(observation)) &&
    split.spec.drainSeconds === application.spec.drainSeconds &&
    carriers === undefined;
  // A version whose record was deleted still serves: its record is written down again, and then the route follows.
  const isKnown = Object.entries(splitWeights(observation)).every(([name, weight]) => weight === 0 || name in weights);
  const key = planSessionKey(observation, asked.handling?.sessions);
  const told: readonly Action[] =
    message === undefined ? [] : [{ type: 'event', kind: 'Normal', reason: 'RouterChanged', message }];
  return isSame || !isKnown ? key : [...key, asked, ...told];
}

/** Without versions that have no record. */
function knownWeights(observation: Observation): Readonly<Record<string, number>> {
  const known = new Set(observation.releases.map(nameOf));
  return Object.fromEntries(Object.entries(splitWeights(observation)).filter(([name]) => known.has(name)));
}

/**
 * A route that spec has been given during a release leads where the Service does: to stable until traffic is moved, and to
 * both by their pods where they share it. Where the move is under way or done the first split is the release's own.
 */
export function planOpening(observation: Observation, active: Release): readonly Action[] {
  const { phase } = statusOf(active);
  const stable = stableRelease(observation);
  const isMoved = phase === 'Promoting' || phase === 'Guarding';
  if (!isRouted(observation) || observation.split !== undefined || isMoved || stable === undefined) return [];
  const [inside, from] = [viewOf(observation, active), viewOf(observation, stable)];
  const share = active === stable ? 0 : calculateShare(inside.serving.length, from.serving.length);
  const weights = { [nameOf(stable)]: 100 - share, ...(share === 0 ? {} : { [nameOf(active)]: share }) };
  return from.backends.length === 0 ? [] : [...planComeback(observation, from), { type: 'setSplit', weights }];
}

/**
 * A version without a ready pod loses its weight at once if another in the split has one: an overloaded pod beats a dead one.
 * Stable takes it, as far as its pods can carry that, and of what is left the others carry what their pods can. Where neither
 * can, versions that are there for their sessions alone do: the newest of them.
 */
export function planRescue(observation: Observation, active: Release | undefined): readonly Action[] {
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
  const heirs = [carrying, standby, newestFormer(observation, alive)].find((each) => each.length > 0) ?? [];
  if (!isDead || heirs.length === 0) return [];
  const none = Object.fromEntries(Object.keys(weights).map((name) => [name, 0]));
  const inherited = inherit(heirs, { observation, weights, needed: calculateFloor(observation, active) });
  return [{ type: 'setSplit', weights: { ...none, ...inherited }, preview: previewOf(observation) }];
}

function newestFormer(observation: Observation, alive: readonly VersionView[]): readonly VersionView[] {
  const [newest] = formerVersions(observation).filter((release) => alive.some((view) => view.release === release));
  return alive.filter(({ release }) => release === newest);
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
