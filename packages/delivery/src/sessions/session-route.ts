/**
 * What strategy rainbow adds to every split, whoever asks for it: sessions, and the versions that keep theirs without any
 * weight. Which versions those are is read from the split itself: who is not in it any more has moved its sessions away.
 */
import { isSameJson } from '@slipway/kube/json-equality';
import type { SplitSessions } from '@slipway/kube/split';
import type { RainbowParameters } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import { activeRelease, isEnding, stableRelease } from '../current-releases.ts';
import { handlingOf, splitWeights, type Observation } from '../observation.ts';
import type { Action, ActionOf } from '../plan.ts';
import { statusOf } from '../release-changes.ts';
import { nameOf } from '../release-context.ts';
import { sessionKeyName } from './session-key.ts';

export type SessionTerms = { readonly [Field in keyof RainbowParameters]-?: number };

const defaultTerms: SessionTerms = { maxVersions: 3, maxAgeSeconds: 86_400, idleSeconds: 1_800 };

type Weights = Readonly<Record<string, number>>;
type SetSplit = ActionOf<'setSplit'>;

const nobody: ReadonlySet<string> = new Set();

/** The split of an action with its sessions, but without those of who leaves; where there are to be none, as it is. */
export function withSessions(
  observation: Observation,
  action: SetSplit,
  leaving: ReadonlySet<string> = nobody,
): SetSplit {
  const { weights, handling } = action;
  const sessions = handling?.hold === undefined ? sessionsOf(observation, weights) : undefined;
  if (sessions === undefined) return action;
  const carrying = Object.entries(weights).filter(([, weight]) => weight > 0);
  const kept = keptVersions(observation, weights)
    .map(nameOf)
    .filter((name) => !leaving.has(name))
    .map((name) => [name, 0] as const);
  return { ...action, weights: Object.fromEntries([...carrying, ...kept]), handling: { ...handling, sessions } };
}

/** Whether the split has the sessions that it should have by these weights, and keeps them for the right versions. */
export function hasRightSessions(observation: Observation, weights: Weights): boolean {
  return isAskedFor(
    observation,
    withSessions(observation, { type: 'setSplit', weights, handling: handlingOf(observation) }),
  );
}

/** As far as sessions go. */
export function isAskedFor(observation: Observation, { weights, handling }: SetSplit): boolean {
  const sessions = observation.split?.spec.rules[0]?.sessions;
  if (!isSameJson(handling?.sessions, sessions)) return false;
  return sessions === undefined || isSameJson(weights, splitWeights(observation));
}

/** Every split with its sessions, and before it the key that signs them: without one they would not be in force. */
export function planSessions(observation: Observation, actions: readonly Action[]): readonly Action[] {
  return actions.flatMap((action) => {
    if (action.type !== 'setSplit') return [action];
    const split = withSessions(observation, action);
    return [...planSessionKey(observation, split.handling?.sessions), split];
  });
}

export function planSessionKey(observation: Observation, sessions: SplitSessions | undefined): readonly Action[] {
  return sessions === undefined || observation.sessionKey !== undefined ? [] : [{ type: 'createSessionKey' }];
}

/** Where no version is stable and none is under way, because records were deleted, what is in force stays. */
function sessionsOf(observation: Observation, weights: Weights): SplitSessions | undefined {
  if (decisiveRelease(observation, weights) === undefined) return observation.split?.spec.rules[0]?.sessions;
  const terms = sessionTerms(observation, weights);
  const { name = '' } = observation.application.metadata;
  return (
    terms && { cookie: `slipway-${name}-session`, idleSeconds: terms.idleSeconds, secretName: sessionKeyName(name) }
  );
}

/** Undefined: by these weights nobody has sessions. */
export function sessionTerms(observation: Observation, weights: Weights): SessionTerms | undefined {
  const { route } = observation.application.spec;
  const isByGateway = route !== undefined && (route.through ?? 'gateway') === 'gateway';
  const strategy = isByGateway ? decisiveRelease(observation, weights)?.spec.strategy : undefined;
  return strategy?.type === 'rainbow' ? withDefaults(strategy.rainbow) : undefined;
}

function withDefaults(given: RainbowParameters = {}): SessionTerms {
  const { maxVersions, maxAgeSeconds, idleSeconds } = defaultTerms;
  return {
    maxVersions: given.maxVersions ?? maxVersions,
    maxAgeSeconds: given.maxAgeSeconds ?? maxAgeSeconds,
    idleSeconds: given.idleSeconds ?? idleSeconds,
  };
}

/**
 * Whose strategy says whether users have sessions. That of the release under way from its first traffic on, and under
 * rainbow from its beginning, so that users have their cookies before anything moves; otherwise that of the stable one.
 */
function decisiveRelease(observation: Observation, weights: Weights): Release | undefined {
  const active = activeRelease(observation);
  const stable = stableRelease(observation);
  if (active === undefined || stable === undefined) return active ?? stable;
  const isComing = active.spec.strategy.type === 'rainbow' && !isEnding(active);
  return isComing || (weights[nameOf(active)] ?? 0) > 0 ? active : stable;
}

/** Names of the releases whose sessions the split keeps with them. */
export function sessionVersions(observation: Observation): ReadonlySet<string> {
  const hasSessions = observation.split?.spec.rules[0]?.sessions !== undefined;
  return new Set(hasSessions ? Object.keys(splitWeights(observation)) : []);
}

/** Without weight, and with their sessions. Those of a version that was rolled back go to the one that takes its place. */
function keptVersions(observation: Observation, weights: Weights): readonly Release[] {
  const current = sessionVersions(observation);
  const active = activeRelease(observation);
  const left = active !== undefined && isReturning(active) ? stableRelease(observation) : undefined;
  const mayStay = (release: Release): boolean =>
    release === active ? !isEnding(release) : statusOf(release).phase === 'Succeeded' && release !== left;
  return observation.releases.filter(
    (release) => current.has(nameOf(release)) && !((weights[nameOf(release)] ?? 0) > 0) && mayStay(release),
  );
}

/** It was stable once and is released again: what it takes the place of is rolled back. */
function isReturning(release: Release): boolean {
  const { attempts = [] } = statusOf(release);
  return attempts.slice(0, -1).some(({ outcome }) => outcome === 'Succeeded');
}
