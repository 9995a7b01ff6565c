/** One look at one Application: what to do, in order, and what to say. Pure. */
import { formatTime } from '@slipway/kube/clock';
import { setCondition } from '@slipway/kube/conditions';
import type { ApplicationStatus, RefusedVersion } from './api/application.ts';
import type { DeliveryCondition } from './api/condition.ts';
import { isFinished, type Release, type ReleaseStatus } from './api/release.ts';
import { planCommands } from './commands.ts';
import { check } from './interlock/interlock.ts';
import { viewsByName, type World } from './interlock/rules.ts';
import { identityOf, isSameIdentity, labels, releaseName, teardownFinalizer } from './names.ts';
import { names, silentPods } from './moving-traffic.ts';
import { replicasOf, splitWeights, viewOf, type Observation, type VersionView } from './observation.ts';
import { planRelease } from './phases.ts';
import type { Action, Decision, Step } from './plan.ts';
import { restart, statusOf, supersede } from './release-changes.ts';
import { newRelease } from './new-release.ts';
import { nameOf, type ReleaseContext } from './release-context.ts';
import { calculateBounds } from './replica-bounds.ts';
import { initialStatus, waiting } from './release-status.ts';
import { planShrink } from './shrinking.ts';
import { planTeardown } from './teardown.ts';
import { validateApplication } from './validate-application.ts';

export function reconcileApplication(observation: Observation, now: number): Decision {
  const { application } = observation;
  if (application.metadata.deletionTimestamp !== undefined) return planTeardown(observation, now);
  if (!(application.metadata.finalizers ?? []).includes(teardownFinalizer))
    return decision([{ type: 'setFinalizer', present: true }]);
  const faults = validateApplication(application);
  const isValid = faults.length === 0;
  const commanded = planCommands(observation, now);
  const current: Observation = { ...observation, releases: commanded.releases };
  const wanted = isValid
    ? planNextRelease(current, now)
    : { actions: [], releases: current.releases, synced: undefined };
  const next: Observation = { ...current, releases: wanted.releases };
  const active = activeRelease(next);
  const step = active === undefined ? planIdle(next, now) : guarded(contextOf(next, active, now));
  const releaseStatuses = changedStatuses(observation, next, active, step);
  const status = applicationStatus({
    observation: next,
    active,
    step,
    now,
    faults: faults.map(({ field, message }) => `${field ?? ''}: ${message}`),
    synced: wanted.synced,
  });
  const service: readonly Action[] =
    isValid && application.spec.service !== undefined ? [{ type: 'ensureService' }] : [];
  return {
    actions: [...service, ...commanded.actions, ...wanted.actions, ...step.actions],
    applicationStatus: status,
    releaseStatuses,
    requeueAfter: step.requeueAfter,
  };
}

function decision(actions: readonly Action[]): Decision {
  return { actions, applicationStatus: undefined, releaseStatuses: new Map(), requeueAfter: undefined };
}

/** The oldest release that has not ended; later ones wait for it. */
function activeRelease({ releases }: Observation): Release | undefined {
  return releases.find((release) => !isFinished(statusOf(release).phase));
}

/** The version that serves users: the last one that succeeded, unless a person went back. */
export function stableRelease({ application, releases }: Observation): Release | undefined {
  const serving = application.status?.serving?.release;
  return releases.find((release) => nameOf(release) === serving);
}

interface Wanted {
  readonly actions: readonly Action[];
  readonly releases: readonly Release[];
  /** Why spec and releases differ, if they do. */
  readonly synced: { readonly reason: string; readonly message: string } | undefined;
}

/** Creates the Release that spec asks for, or says why there is none. */
function planNextRelease(observation: Observation, now: number): Wanted {
  const { application, releases } = observation;
  const { spec, metadata, status } = application;
  const same: Wanted = { actions: [], releases, synced: undefined };
  if (replicasOf(observation) === 0 || spec.paused === true) return same;
  const identity = identityOf(spec);
  const newest = releases.at(-1);
  const isAsked = (release: Release): boolean =>
    isSameIdentity(release.spec.identity, identity) &&
    (isNumbered(spec.version) || release.spec.version === spec.version);
  const stable = stableRelease(observation);
  const active = activeRelease(observation);
  if (stable !== undefined && isAsked(stable))
    return active === undefined || isAsked(active) || endsAlready(active)
      ? same
      : {
          ...same,
          releases: supersede(releases, active, {
            now,
            phase: 'Superseded',
            by: 'spec',
            reason: 'spec asks for the stable version again',
          }),
        };
  const refused = status?.refused?.findLast(
    (each) => each.hash === identity.template && (isNumbered(spec.version) || each.version === spec.version),
  );
  if (refused !== undefined && refused.generation >= (metadata.generation ?? 0))
    return {
      ...same,
      synced: {
        reason: 'VersionRefused',
        message: `version ${refused.version} was refused at ${refused.at}: ${refused.reason}; change spec or retry`,
      },
    };
  if (newest !== undefined && isAsked(newest) && !isFinished(statusOf(newest).phase)) return same;
  const namesake = releases.find((release) => release.spec.version === spec.version);
  if (namesake !== undefined && !isSameIdentity(namesake.spec.identity, identity))
    return {
      ...same,
      synced: {
        reason: 'VersionExists',
        message: `version ${spec.version ?? ''} exists with other content since ${namesake.metadata.creationTimestamp ?? ''}: give the new content a version of its own`,
      },
    };
  if (namesake !== undefined)
    return endsAlready(namesake) || !isFinished(statusOf(namesake).phase)
      ? same
      : { ...same, releases: restart(releases, namesake, now) };
  const number = (status?.lastNumber ?? 0) + 1;
  const version = isNumbered(spec.version) ? String(number) : (spec.version ?? String(number));
  const release = newRelease(application, { version, identity, name: releaseName(metadata.name ?? '', version) });
  // Until a version serves there is nothing to return to: one that is about to serve may do so.
  const isFirst =
    stable === undefined &&
    active !== undefined &&
    (statusOf(active).phase === 'Promoting' || statusOf(active).phase === 'Guarding');
  const others =
    active === undefined || isFirst || endsAlready(active)
      ? releases
      : supersede(releases, active, {
          now,
          phase: 'Superseded',
          by: 'spec',
          reason: `version ${version} was asked for meanwhile`,
        });
  return { actions: [{ type: 'createRelease', release }], releases: others, synced: undefined };
}

function isNumbered(version: string | undefined): boolean {
  return version === undefined || version === '#';
}

function endsAlready(release: Release): boolean {
  return statusOf(release).ending !== undefined && !isFinished(statusOf(release).phase);
}

export function contextOf(observation: Observation, release: Release, now: number): ReleaseContext {
  const stable = stableRelease(observation);
  const replicas = replicasOf(observation);
  const isRolling = release.spec.strategy.type === 'rolling';
  return {
    observation,
    now,
    release,
    status: statusOf(release),
    candidate: viewOf(observation, release),
    stable: stable === undefined || stable === release ? undefined : viewOf(observation, stable),
    replicas,
    maxUnavailable: isRolling ? calculateBounds(release.spec.strategy.rolling, replicas).maxUnavailable : 0,
  };
}

/** What the interlock refuses waits, and says so. */
function guarded(context: ReleaseContext): Step {
  const { now } = context;
  const step = planRelease(context);
  const { safe, refused } = check(step.actions, worldOf(context));
  if (refused === undefined) return step;
  return {
    actions: safe,
    status: waiting(
      { ...context.status, phase: context.status.phase },
      `the rule "${refused.rule}" to allow ${refused.action.type}: ${refused.reason}`,
      now,
    ),
    requeueAfter: 1_000,
  };
}

export function worldOf({ observation, replicas, maxUnavailable, release, stable }: ReleaseContext): World {
  const views = observation.releases.map((each) => viewOf(observation, each));
  const needed = new Set([nameOf(release), ...(stable === undefined ? [] : [nameOf(stable.release)])]);
  const admitted = new Set(views.filter((view) => isAdmitted(view, observation)).map((view) => nameOf(view.release)));
  return {
    versions: viewsByName(views),
    weights: splitWeights(observation),
    replicas,
    maxUnavailable,
    admitted,
    needed,
  };
}

function isAdmitted({ release, ready }: VersionView, { application, answers }: Observation): boolean {
  const { healthyAt, promotedBy, phase } = statusOf(release);
  if (healthyAt !== undefined || promotedBy !== undefined || phase === 'Succeeded') return true;
  if (application.status?.serving?.release === nameOf(release)) return true;
  const { healthCheck } = release.spec;
  return (
    healthCheck === undefined ||
    healthCheck.ignore === true ||
    ready.some(({ metadata }) => answers.get(metadata.uid ?? '')?.outcome === 'passed')
  );
}

/** Nothing is being released: the stable version has its size, others go. */
function planIdle(observation: Observation, now: number): Step {
  const stable = stableRelease(observation);
  const status = stable === undefined ? initialStatus : statusOf(stable);
  if (stable === undefined) return { actions: [], status };
  const replicas = replicasOf(observation);
  const view = viewOf(observation, stable);
  const size = view.replicaSet?.spec?.replicas ?? 0;
  const sizing: ShrinkLike =
    size < replicas
      ? { actions: [{ type: 'scale', release: nameOf(stable), replicas, reason: 'spec.replicas' }] }
      : size > replicas
        ? planShrink({ view, goal: replicas, drainSeconds: stable.spec.drainSeconds, now, observation })
        : missingLabels(view);
  const others = observation.releases
    .filter((release) => release !== stable)
    .map((release) =>
      planShrink({
        view: viewOf(observation, release),
        goal: 0,
        drainSeconds: stable.spec.drainSeconds,
        now,
        observation,
      }),
    );
  const steps = [sizing, ...others];
  const requeues = steps.flatMap(({ requeueAfter }) => requeueAfter ?? []);
  const context = contextOf(observation, stable, now);
  const { safe } = check(
    steps.flatMap(({ actions }) => actions),
    { ...worldOf(context), maxUnavailable: replicas === 0 ? Infinity : 0 },
  );
  return { actions: safe, status, requeueAfter: requeues.length === 0 ? undefined : Math.min(...requeues) };
}

interface ShrinkLike {
  readonly actions: readonly Action[];
  readonly requeueAfter?: number | undefined;
}

/** A pod that was chosen to go and survived serves again. */
function missingLabels(view: VersionView): ShrinkLike {
  const silent = names(silentPods(view));
  return silent.length === 0
    ? { actions: [] }
    : {
        actions: [
          {
            type: 'setServing',
            release: nameOf(view.release),
            pods: silent,
            serves: true,
            backend: true,
            template: true,
          },
        ],
      };
}

function changedStatuses(
  before: Observation,
  after: Observation,
  active: Release | undefined,
  step: Step,
): ReadonlyMap<string, ReleaseStatus> {
  const changed = new Map<string, ReleaseStatus>();
  for (const release of after.releases) {
    if (release !== active && before.releases.includes(release)) continue;
    const status = release === active ? withCounts(step.status, viewOf(after, release), after) : release.status;
    const old = before.releases.find((each) => nameOf(each) === nameOf(release))?.status;
    if (status !== undefined && JSON.stringify(status) !== JSON.stringify(old)) changed.set(nameOf(release), status);
  }
  return changed;
}

function withCounts(status: ReleaseStatus, view: VersionView, observation: Observation): ReleaseStatus {
  return {
    ...status,
    replicas: { desired: replicasOf(observation), ready: view.ready.length, serving: view.serving.length },
    split: {
      weights: splitWeights(observation),
      confirmed: status.phase === 'Guarding' || status.trafficMovedAt !== undefined,
    },
  };
}

interface StatusInput {
  readonly observation: Observation;
  readonly active: Release | undefined;
  readonly step: Step;
  readonly now: number;
  readonly faults: readonly string[];
  readonly synced: Wanted['synced'];
}

function applicationStatus({ observation, active, step, now, faults, synced }: StatusInput): ApplicationStatus {
  const { application } = observation;
  const old = application.status ?? {};
  const succeeded = active !== undefined && step.status.phase === 'Succeeded' ? active : undefined;
  const serving =
    succeeded === undefined
      ? old.serving
      : { version: succeeded.spec.version, release: nameOf(succeeded), hash: succeeded.spec.identity.template };
  const numbers = observation.releases
    .map(({ spec }) => Number(spec.version))
    .filter((number) => Number.isInteger(number));
  const stable = observation.releases.find((release) => nameOf(release) === serving?.release);
  const view = stable === undefined ? undefined : viewOf(observation, stable);
  const phase =
    active === undefined || isFinished(step.status.phase)
      ? serving === undefined
        ? 'Pending'
        : 'Stable'
      : step.status.phase;
  return {
    ...old,
    observedGeneration: application.metadata.generation,
    serving,
    candidate: active === undefined || isFinished(step.status.phase) ? undefined : nameOf(active),
    lastNumber: Math.max(old.lastNumber ?? 0, ...numbers),
    refused: refusedVersions(observation, active, step, now),
    replicas: view?.pods.length ?? 0,
    readyReplicas: view?.ready.length ?? 0,
    selector: serving === undefined ? undefined : `${labels.release}=${serving.release}`,
    phase,
    waitingFor: active === undefined || isFinished(step.status.phase) ? undefined : step.status.waitingFor,
    conditions: conditionsOf({ observation, phase, now, faults, synced, available: (view?.serving.length ?? 0) > 0 }),
  };
}

function refusedVersions(
  { application }: Observation,
  active: Release | undefined,
  { status }: Step,
  now: number,
): readonly RefusedVersion[] | undefined {
  const old = application.status?.refused;
  if (
    active === undefined ||
    (status.phase !== 'RollingBack' && status.phase !== 'RolledBack' && status.phase !== 'Failed')
  )
    return old;
  if (status.ending === undefined || status.ending.phase === 'Superseded') return old;
  const { version, identity } = active.spec;
  if (old?.some((each) => each.version === version && each.hash === identity.template) === true) return old;
  const refused = {
    version,
    hash: identity.template,
    by: status.ending.by,
    at: formatTime(now),
    reason: status.ending.reason,
    generation: application.metadata.generation ?? 0,
  };
  return [...(old ?? []), refused].slice(-10);
}

interface ConditionInput {
  readonly observation: Observation;
  readonly phase: string;
  readonly now: number;
  readonly faults: readonly string[];
  readonly synced: Wanted['synced'];
  readonly available: boolean;
}

function conditionsOf({
  observation,
  phase,
  now,
  faults,
  synced,
  available,
}: ConditionInput): readonly DeliveryCondition[] {
  const { application } = observation;
  const observedGeneration = application.metadata.generation;
  const isBusy = phase !== 'Stable' && phase !== 'Pending';
  const wanted: ReadonlyArray<Pick<DeliveryCondition, 'type' | 'status' | 'reason' | 'message'>> = [
    {
      type: 'Valid',
      status: faults.length === 0 ? 'True' : 'False',
      reason: faults.length === 0 ? 'Valid' : 'Invalid',
      message: faults.join('; '),
    },
    {
      type: 'Available',
      status: available ? 'True' : 'False',
      reason: available ? 'PodsServe' : 'NoPodServes',
      message: '',
    },
    { type: 'Progressing', status: isBusy ? 'True' : 'False', reason: phase, message: '' },
    { type: 'Promoted', status: isBusy && phase !== 'Guarding' ? 'False' : 'True', reason: phase, message: '' },
    {
      type: 'Synced',
      status: synced === undefined ? 'True' : 'False',
      reason: synced?.reason ?? 'Synced',
      message: synced?.message ?? '',
    },
    { type: 'ScaledToZero', status: replicasOf(observation) === 0 ? 'True' : 'False', reason: 'Replicas', message: '' },
  ];
  const start: readonly DeliveryCondition[] = application.status?.conditions ?? [];
  return wanted.reduce<readonly DeliveryCondition[]>(
    (all, each) =>
      setCondition<DeliveryCondition>(all, { ...each, observedGeneration, lastTransitionTime: formatTime(now) }, now),
    start,
  );
}
