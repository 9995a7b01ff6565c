/** Versions that newer ones have taken the place of, and that still have sessions: how long they stay, and with how many pods. */
import type { Release } from '../api/release.ts';
import { activeRelease, stableRelease } from '../current-releases.ts';
import { names, silentPods } from '../moving-traffic.ts';
import { isSplitConfirmed, replicasOf, splitWeights, viewOf, type Observation } from '../observation.ts';
import type { Action, Step } from '../plan.ts';
import { statusOf } from '../release-changes.ts';
import { nameOf } from '../release-context.ts';
import { planShrink } from '../shrinking.ts';
import { countSessions } from './session-counts.ts';
import { sessionTerms, sessionVersions, type SessionTerms } from './session-route.ts';

export interface Departures {
  /** Names of the releases whose sessions are over, or move to the newest version. */
  readonly leaving: ReadonlySet<string>;
  /** Milliseconds until the next of the others is too old. */
  readonly requeueAfter?: number | undefined;
}

/** Those of the last release stay until that has succeeded: it may go back to what was before it. */
export function planDepartures(observation: Observation, now: number): Departures {
  const terms = sessionTerms(observation, splitWeights(observation));
  if (terms === undefined) return { leaving: new Set() };
  const former = formerVersions(observation);
  const leaving = former.filter((release, index) => isOver(observation, release, { terms, index, now }));
  const ends = former
    .filter((release) => !leaving.includes(release))
    .flatMap((release) => endOf(release, terms) ?? [])
    .map((end) => Math.max(1, end - now));
  return {
    leaving: new Set(leaving.map(nameOf)),
    ...(ends.length === 0 ? {} : { requeueAfter: Math.min(...ends) }),
  };
}

/** The one that was replaced last comes first. */
export function formerVersions(observation: Observation): readonly Release[] {
  const current = sessionVersions(observation);
  const present = [activeRelease(observation), stableRelease(observation)];
  const weights = splitWeights(observation);
  return observation.releases
    .filter((release) => current.has(nameOf(release)) && !present.includes(release))
    .filter((release) => !((weights[nameOf(release)] ?? 0) > 0))
    .toSorted((a, b) => (replacedAt(b) ?? Infinity) - (replacedAt(a) ?? Infinity));
}

/** In milliseconds; undefined while it is not written down yet. */
function replacedAt(release: Release): number | undefined {
  const { servedUntil } = statusOf(release);
  return servedUntil === undefined ? undefined : Date.parse(servedUntil);
}

function endOf(release: Release, { maxAgeSeconds }: SessionTerms): number | undefined {
  const since = replacedAt(release);
  return since === undefined ? undefined : since + maxAgeSeconds * 1_000;
}

interface Place {
  readonly terms: SessionTerms;
  /** Among the former versions, from the newest. */
  readonly index: number;
  readonly now: number;
}

function isOver(observation: Observation, release: Release, { terms, index, now }: Place): boolean {
  const isOld = now >= (endOf(release, terms) ?? Infinity);
  // A gateway counts a session until it has been idle for its time; before the split is confirmed it may count another one.
  const isIdle = isSplitConfirmed(observation) && countSessions(observation, release) === 0;
  return isOld || isIdle || index + 1 >= terms.maxVersions;
}

/** As many pods as its share of the sessions asks for; those that are too many leave and drain as all others do. */
export function planFormerSize(
  observation: Observation,
  release: Release,
  { drainSeconds }: { readonly drainSeconds: number },
): Pick<Step, 'actions' | 'requeueAfter'> {
  const view = viewOf(observation, release);
  const size = view.replicaSet?.spec?.replicas;
  if (size === undefined) return { actions: [] };
  const replicas = replicasOf(observation);
  // Where the newest has not one ready pod, it carries everybody.
  const isCarrying = (splitWeights(observation)[nameOf(release)] ?? 0) > 0;
  const share = isCarrying ? 1 : shareOf(observation, release);
  const goal = calculateFormerSize({ replicas, size, share });
  const reason = isCarrying ? 'it carries what the newest version cannot' : 'its share of the sessions';
  if (size < goal) return { actions: [{ type: 'scale', release: nameOf(release), replicas: goal, reason }] };
  const shrink = planShrink({ view, goal, drainSeconds, observation });
  const staying = view.ready.filter((pod) => !view.backends.includes(pod) && !shrink.leaving.includes(pod));
  const pods = names(silentPods({ ...view, ready: staying }));
  const back: readonly Action[] =
    pods.length === 0
      ? []
      : [{ type: 'setServing', release: nameOf(release), pods, serves: false, backend: true, template: false }];
  return { actions: [...back, ...shrink.actions], requeueAfter: shrink.requeueAfter };
}

/** Undefined while it is not known of every version how many it has. */
function shareOf(observation: Observation, release: Release): number | undefined {
  const current = sessionVersions(observation);
  const counts = observation.releases
    .filter((each) => current.has(nameOf(each)))
    .map((each) => countSessions(observation, each));
  const own = countSessions(observation, release);
  const known = counts.filter((count) => count !== undefined);
  if (own === undefined || known.length < counts.length) return undefined;
  const total = known.reduce((sum, count) => sum + count, 0);
  return total === 0 ? 0 : own / total;
}

/** A share that moves by so much changes no size back and forth. */
const reserve = 1.2;

/**
 * Pods for a share of the sessions, from 0 to 1: `replicas × share`, and one at least. It grows at once, and shrinks when
 * a share a fifth higher would need fewer pods too. `{replicas: 4, size: 4, share: 0.3}` is 2, `{replicas: 4, size: 2,
 * share: 0.24}` stays 2, `{replicas: 4, size: 1, share: 0.26}` is 2; a share that is not known changes nothing.
 */
export function calculateFormerSize({
  replicas,
  size,
  share,
}: {
  readonly replicas: number;
  readonly size: number;
  readonly share: number | undefined;
}): number {
  if (replicas === 0) return 0;
  if (share === undefined) return Math.min(replicas, Math.max(1, size));
  const needed = Math.max(1, Math.ceil(replicas * share));
  const enough = Math.max(1, Math.ceil(replicas * Math.min(1, share * reserve)));
  return Math.min(Math.max(size, needed), enough);
}
