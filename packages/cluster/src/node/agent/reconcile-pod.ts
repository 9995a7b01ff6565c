/**
 * Decides what to do about a pod. The order of actions is the safety argument: containers start only in a ready sandbox
 * with ready volumes and after the init containers; nobody is asked to stop before traffic has left; sidecars stop last; the
 * sandbox goes after the containers, and the object after its last status.
 */
import { calculateRestart, isFinished } from './restart-policy.ts';
import { actNow, emptyPlan, joinPlans, waitUntil, type PodPlan } from './pod-plan.ts';
import {
  comesBeforeMain,
  specOf,
  type Blocked,
  type ContainerRecord,
  type PodRecord,
  type Running,
} from './pod-record.ts';
import { isInitialized } from './container-readiness.ts';
import { forcedGraceSeconds, planTermination } from './plan-termination.ts';
import { planStop } from './plan-stop.ts';

/** The kubelet shows ErrImagePull first and speaks of backing off at its next look. */
const imageBackOffShownAfter = 3000;
const defaultGraceSeconds = 30;
/** The kubelet's, for what cannot wait. */
const evictionGraceSeconds = 1;

export function reconcilePod(record: PodRecord, now: number): PodPlan {
  if (record.finalising) return emptyPlan;
  if (record.termination !== undefined) return planTermination(record, record.termination, now);
  const terminate = planBeginOfTermination(record, now);
  if (terminate.actions.length > 0) return terminate;
  return joinPlans([terminate, planFoundation(record, now), planContainers(record, now)]);
}

function planBeginOfTermination(record: PodRecord, now: number): PodPlan {
  const { metadata, spec } = record.pod;
  const ownGrace = spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds;
  if (record.gone) return actNow({ kind: 'terminatePod', reason: 'deleted', graceSeconds: forcedGraceSeconds });
  if (metadata.deletionTimestamp !== undefined) {
    const graceSeconds = metadata.deletionGracePeriodSeconds ?? ownGrace;
    return actNow({ kind: 'terminatePod', reason: 'deleted', graceSeconds });
  }
  if (record.overLimit !== undefined) {
    return actNow({ kind: 'terminatePod', reason: 'evicted', graceSeconds: evictionGraceSeconds });
  }
  if (isFinished(record)) return actNow({ kind: 'terminatePod', reason: 'completed', graceSeconds: ownGrace });
  if (spec?.activeDeadlineSeconds === undefined) return emptyPlan;
  const deadline = record.startTime + spec.activeDeadlineSeconds * 1000;
  return now < deadline
    ? waitUntil(deadline)
    : actNow({ kind: 'terminatePod', reason: 'deadlineExceeded', graceSeconds: ownGrace });
}

function planFoundation(record: PodRecord, now: number): PodPlan {
  const { volumes, sandbox } = record;
  return joinPlans([
    volumes.kind === 'absent' ? actNow({ kind: 'prepareVolumes' }) : emptyPlan,
    volumes.kind === 'failed' ? retry(volumes.retryAt, now, actNow({ kind: 'prepareVolumes' })) : emptyPlan,
    sandbox.kind === 'absent' ? actNow({ kind: 'createSandbox' }) : emptyPlan,
    sandbox.kind === 'failed' ? retry(sandbox.retryAt, now, actNow({ kind: 'createSandbox' })) : emptyPlan,
  ]);
}

function retry(at: number, now: number, plan: PodPlan): PodPlan {
  return now < at ? waitUntil(at) : plan;
}

/** Ephemeral containers at any time; init containers one after the other (a sidecar counts as done once it has started), then all main containers at once. */
function planContainers(record: PodRecord, now: number): PodPlan {
  if (record.sandbox.kind !== 'ready' || record.volumes.kind !== 'ready') return emptyPlan;
  const ephemeral = record.containers.filter(({ role }) => role === 'ephemeral');
  const plans: PodPlan[] = ephemeral.map((container) => planContainer(record, container, now));
  for (const container of record.containers.filter(comesBeforeMain)) {
    plans.push(planContainer(record, container, now));
    if (!isInitialized(record, container)) return joinPlans(plans);
  }
  return joinPlans([
    ...plans,
    ...record.containers.filter(({ role }) => role === 'main').map((main) => planContainer(record, main, now)),
  ]);
}

function planContainer(record: PodRecord, container: ContainerRecord, now: number): PodPlan {
  const { state } = container;
  switch (state.kind) {
    case 'starting':
      return emptyPlan;
    case 'waiting':
      return actNow({ kind: 'startContainer', name: container.name, attempt: container.restartCount });
    case 'blocked':
      return planBlocked(container, state, now);
    case 'running':
      return planRunning(record, container, state, now);
    case 'terminated': {
      const restart = calculateRestart(record, container, state);
      if (restart.kind === 'never') return emptyPlan;
      if (now >= restart.time) {
        return actNow({ kind: 'startContainer', name: container.name, attempt: container.restartCount + 1 });
      }
      const report = state.backOffReported ? emptyPlan : actNow({ kind: 'reportCrashBackOff', name: container.name });
      return joinPlans([report, waitUntil(restart.time)]);
    }
  }
}

function planBlocked(container: ContainerRecord, state: Blocked, now: number): PodPlan {
  if (now >= state.retryAt) {
    return actNow({ kind: 'startContainer', name: container.name, attempt: container.restartCount });
  }
  const wait = waitUntil(state.retryAt);
  if (state.reason !== 'ErrImagePull') return wait;
  const shownAt = state.since + imageBackOffShownAfter;
  const report = actNow({ kind: 'reportImageBackOff', name: container.name });
  return joinPlans([wait, retry(shownAt, now, report)]);
}

function planRunning(record: PodRecord, container: ContainerRecord, state: Running, now: number): PodPlan {
  if (state.stop !== undefined) return planStop(container.name, state.stop, { now, mayTerminate: true });
  const message = replacementMessage(record, container, state);
  if (message !== undefined) {
    const deadline = now + replacementGraceSeconds(record, container, state) * 1000;
    return actNow({ kind: 'stopContainer', name: container.name, message, deadline });
  }
  return state.postStart === 'due' ? actNow({ kind: 'runPostStart', name: container.name }) : emptyPlan;
}

/** Why a running container must be replaced, in the kubelet's words; undefined if it may stay. */
function replacementMessage(record: PodRecord, container: ContainerRecord, state: Running): string | undefined {
  switch (state.fault) {
    case 'startup':
    case 'liveness':
      return `Container ${container.name} failed ${state.fault} probe, will be restarted`;
    case 'postStart':
      return 'FailedPostStartHook';
    case undefined: {
      const image = specOf(record.pod, container.name)?.image ?? state.image;
      const changed = image !== state.image && container.role !== 'init';
      return changed ? `Container ${container.name} definition changed, will be restarted` : undefined;
    }
  }
}

function replacementGraceSeconds(record: PodRecord, container: ContainerRecord, state: Running): number {
  const spec = specOf(record.pod, container.name);
  const probe = state.fault === 'startup' ? spec?.startupProbe : spec?.livenessProbe;
  const ofProbe =
    state.fault === 'startup' || state.fault === 'liveness' ? probe?.terminationGracePeriodSeconds : undefined;
  return ofProbe ?? record.pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds;
}
