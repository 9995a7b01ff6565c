/** Whether the API server would take everything that a version needs, before any of it is written. */
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { jobs, replicaSets, secrets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { absentAsUndefined, isStatusReason } from '@slipway/kube/status-error';
import { releases, type Release } from '../api/release.ts';
import { firstJobs } from '../hooks/first-jobs.ts';
import { isOurs } from '../names.ts';
import { adoptedServices, type Trial } from '../observation.ts';
import { applicationService, versionService } from '../serving-objects.ts';
import { sessionKeyName } from '../sessions/session-key.ts';
import { versionReplicaSet } from '../version-objects.ts';
import { missingCopies, requireEnvironment } from './configuration-effects.ts';
import type { Effect, Look } from './effects.ts';
import { describeForeign } from './writing.ts';

const maximumMessage = 4_096;
const firstStandMilliseconds = 30_000;
const longestStandMilliseconds = 120_000;

interface Candidate {
  readonly type: ResourceType;
  readonly object: KubeObject;
  /** Whether the API server is asked too: our own kinds are ours to get right. */
  readonly isTried: boolean;
}

export const tryRelease: Effect<'tryRelease'> = async ({ release, attempt }, look) => {
  const [outcomes] = await Promise.all([tryAll(release, look), requireEnvironment(release, look)]);
  const refusals = outcomes.filter((outcome) => outcome !== undefined);
  const standsFor = calculateStand(attempt, look.observation.trial);
  look.onTrial({ attempt, at: look.clock.now(), standsFor, refusal: allOf(refusals) });
};

/** A quota, a policy or somebody else's object may give way, and the longer none has, the less often that is asked. */
function calculateStand(attempt: string, former: Trial | undefined): number {
  return former?.attempt !== attempt || former.refusal === undefined
    ? firstStandMilliseconds
    : Math.min(2 * former.standsFor, longestStandMilliseconds);
}

function tryAll(release: Release, look: Look): Promise<ReadonlyArray<Trial['refusal']>> {
  return Promise.all([
    ...objectsOf(release, look).map((candidate) => tryOne(candidate, look)),
    ...missingCopies(release, look).map(async (read) => tryOne({ ...(await read()), isTried: true }, look)),
  ]);
}

/** Everything that is against it at once, under the reason of the first. */
function allOf(refusals: ReadonlyArray<NonNullable<Trial['refusal']>>): Trial['refusal'] {
  const [first] = refusals;
  if (first === undefined || refusals.length === 1) return first;
  const message = refusals.map((refusal) => refusal.message).join('; ');
  return { ...first, message: cut(message), all: refusals };
}

function objectsOf(release: Release, { observation }: Look): readonly Candidate[] {
  const { application } = observation;
  const { service, route } = application.spec;
  const { namespace, name } = application.metadata;
  const isServed = adoptedServices(observation).includes(name ?? '');
  return [
    { type: replicaSets, object: versionReplicaSet(release, 0), isTried: true },
    { type: releases, object: release, isTried: false },
    ...firstJobs(release, observation).map(({ job }) => ({ type: jobs, object: job, isTried: true })),
    ...(service === undefined
      ? []
      : [...(isServed ? [] : [applicationService(application)]), versionService(release, service)].map((object) => ({
          type: services,
          object,
          isTried: true,
        }))),
    ...(release.spec.strategy.type === 'rainbow'
      ? [{ type: secrets, object: { metadata: { namespace, name: sessionKeyName(name ?? '') } }, isTried: false }]
      : []),
    ...(route === undefined ? [] : [{ type: splits, object: { metadata: { namespace, name } }, isTried: false }]),
  ];
}

async function tryOne({ type, object, isTried }: Candidate, look: Look): Promise<Trial['refusal']> {
  const foreign = await findForeign(type, object, look);
  if (foreign !== undefined)
    return { reason: 'NameConflict', message: describeForeign(type, foreign), cause: 'cluster' };
  if (!isTried) return undefined;
  try {
    await look.client.create(type, object, { dryRun: true });
    return undefined;
  } catch (error) {
    // Of ours, from an earlier attempt: what it says was accepted then.
    if (isStatusReason(error, 'AlreadyExists')) return undefined;
    if (!isStatusReason(error, 'Invalid', 'BadRequest', 'Forbidden', 'RequestEntityTooLarge')) throw error;
    // A policy may say Invalid too, and change: of a spec with faults of its own, which alone this is about, nothing is lost by that.
    const cause = isStatusReason(error, 'Invalid', 'RequestEntityTooLarge') ? 'spec' : 'cluster';
    return { reason: 'TemplateRefused', message: cut(`the API server would not take it: ${error.message}`), cause };
  }
}

/** It stands in several conditions. */
function cut(message: string): string {
  return message.length > maximumMessage ? `${message.slice(0, maximumMessage)}…` : message;
}

async function findForeign(type: ResourceType, object: KubeObject, look: Look): Promise<KubeObject | undefined> {
  const existing = await absentAsUndefined(look.client.get(type, keyOf(object)));
  // A record that only waits to be written down by a server makes room by itself; until then the new one cannot be made.
  if (existing === undefined || (type === releases && existing.metadata.deletionTimestamp !== undefined))
    return undefined;
  return isOurs(existing, look.observation.application.metadata.uid ?? '') ? undefined : existing;
}
