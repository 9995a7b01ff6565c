/** What is said of an Application in conditions. */
import type { DeliveryCondition } from '../api/condition.ts';
import type { Release, ReleaseStatus } from '../api/release.ts';
import { describeDrift } from '../image-drift.ts';
import type { Wanted } from '../next-release.ts';
import {
  isRouted,
  otherWeights,
  replicasOf,
  splitWeights,
  viewOf,
  type Observation,
  type VersionView,
} from '../observation.ts';
import { statusOf } from '../release-changes.ts';
import { awaitedCompanions } from '../order/await-companions.ts';
import { predecessorsOf } from '../order/companions.ts';
import { describeCycle } from '../order/validate-order.ts';
import { nameOf } from '../release-context.ts';
import { routeConflicts } from '../route-conflicts.ts';
import { selectorConflicts } from '../selector-conflicts.ts';
import { maxUnavailableOf } from '../strategies/strategies.ts';
import { conditionsFrom, finding, hasFailed, type Finding } from './conditions.ts';

export interface ConditionInput {
  readonly observation: Observation;
  readonly now: number;
  readonly faults: readonly string[];
  readonly wanted: Wanted;
  /** The release under way, as it will be. */
  readonly busy: { readonly release: Release; readonly status: ReleaseStatus } | undefined;
  /** The version with most traffic. */
  readonly serving: VersionView | undefined;
}

export function applicationConditions(input: ConditionInput): readonly DeliveryCondition[] {
  const { application } = input.observation;
  const { generation } = application.metadata;
  return conditionsFrom(application.status?.conditions, findings(input), { generation, now: input.now });
}

function findings(input: ConditionInput): readonly Finding[] {
  const { observation, wanted } = input;
  const isZero = replicasOf(observation) === 0;
  const conflicts = routeConflicts(observation);
  const selecting = selectorConflicts(observation);
  return [
    findValid(input),
    findAvailable(input),
    findProgressing(input),
    findPaused(input),
    findPromoted(input),
    findFailed(input),
    finding('Synced', wanted.unsynced === undefined && input.faults.length === 0, describeSync(input)),
    finding('ScaledToZero', isZero, {
      reason: isZero ? 'NoReplicas' : 'Replicas',
      message: isZero ? 'spec.replicas is 0: nothing runs, and no release starts' : '',
    }),
    findConflict('NameConflict', describeRefusals(wanted, ['NameConflict'])),
    findConflict('RouteConflict', conflicts.length > 0 ? conflicts.join('; ') : undefined),
    findConflict('SelectorConflict', selecting.length > 0 ? selecting.join('; ') : undefined),
    findDrift(observation),
    ...findDependencies(observation),
  ];
}

/** Said of those that have any. */
function findDependencies(observation: Observation): readonly Finding[] {
  if (predecessorsOf(observation.application, observation.companions.groups).length === 0) return [];
  const { cycle } = observation.companions;
  if (cycle !== undefined)
    return [finding('DependenciesReady', false, { reason: 'Cycle', message: describeCycle(cycle) })];
  const awaited = awaitedCompanions(observation);
  const reasons = { missing: 'Missing', stopped: 'Stopped', releasing: 'Releasing' } as const;
  const states = ['missing', 'stopped', 'releasing'] as const;
  const state = states.find((each) => awaited.some((one) => one.state === each));
  return [
    finding('DependenciesReady', state === undefined, {
      reason: state === undefined ? 'Ready' : reasons[state],
      message: awaited.map(({ sentence }) => sentence).join('; '),
    }),
  ];
}

/** What the controller finds in spec, and what it was told when it tried it. */
function findValid({ faults, wanted }: ConditionInput): Finding {
  const refusal = describeRefusals(wanted, ['TemplateRefused']);
  const all = refusal === undefined ? faults : [...faults, refusal];
  return all.length === 0
    ? finding('Valid', true, { reason: 'Valid' })
    : finding('Valid', false, { reason: 'Invalid', message: all.join('; ') });
}

/** Undefined where nothing is refused for one of these reasons. */
function describeRefusals({ unsynced }: Wanted, reasons: readonly string[]): string | undefined {
  const all = unsynced === undefined ? [] : (unsynced.all ?? [unsynced]);
  const messages = all.filter(({ reason }) => reasons.includes(reason)).map(({ message }) => message);
  return messages.length === 0 ? undefined : messages.join('; ');
}

function findConflict(
  type: 'NameConflict' | 'RouteConflict' | 'SelectorConflict',
  message: string | undefined,
): Finding {
  return finding(type, message !== undefined, { reason: message === undefined ? 'NoConflict' : type, message });
}

function findDrift(observation: Observation): Finding {
  const drifts = observation.releases.flatMap((release) => describeDrift(viewOf(observation, release)) ?? []);
  return drifts.length === 0
    ? finding('ImageDrift', false, { reason: 'SameImages' })
    : finding('ImageDrift', true, { reason: 'DifferentImages', message: drifts.join('; ') });
}

/** Spec asks for something that does not have all traffic yet, and a release towards it is under way or about to begin. */
function isReleasing({ busy, wanted }: ConditionInput): boolean {
  const phase = busy?.status.phase;
  return wanted.isNew === true || (phase !== undefined && phase !== 'Guarding' && phase !== 'RollingBack');
}

function findAvailable(input: ConditionInput): Finding {
  const { serving, observation, busy } = input;
  const replicas = replicasOf(observation);
  if (replicas === 0) return finding('Available', false, { reason: 'ScaledToZero' });
  const { count, message } = countCarriers(input);
  if (isReleasing(input)) {
    const next = busy === undefined ? 'a new version' : `version ${busy.release.spec.version}`;
    return finding('Available', false, { reason: 'Releasing', message: `${message}, while ${next} is released` });
  }
  const isEnough = count >= Math.max(1, replicas - maxUnavailableOf(serving?.release.spec.strategy, replicas));
  return finding('Available', isEnough, { reason: isEnough ? 'PodsServe' : 'TooFewPods', message });
}

interface Carriers {
  readonly count: number;
  readonly message: string;
}

/** Where a split shares the traffic, pods behind the Services of their versions serve, in the Application's own or not. */
function countCarriers({ serving, observation }: ConditionInput): Carriers {
  const weights = isRouted(observation) ? splitWeights(observation) : {};
  const sharing = observation.releases.filter((release) => (weights[nameOf(release)] ?? 0) > 0);
  if (serving === undefined) return { count: 0, message: 'no version serves' };
  if (sharing.length < 2) {
    const count = serving.serving.length;
    const { version } = serving.release.spec;
    return { count, message: `${count} of ${replicasOf(observation)} pods of version ${version} serve` };
  }
  const counts = sharing.map((release) => {
    const { backends, serving: served } = viewOf(observation, release);
    return { version: release.spec.version, count: new Set([...backends, ...served]).size };
  });
  return {
    count: counts.reduce((sum, { count }) => sum + count, 0),
    message: `${counts.map(({ version, count }) => `${count} pods of version ${version}`).join(' and ')} serve`,
  };
}

function findProgressing({ busy, wanted }: ConditionInput): Finding {
  const isMoving = busy !== undefined && busy.status.phase !== 'Paused';
  if (busy === undefined)
    return finding('Progressing', wanted.isNew === true && wanted.unsynced === undefined, {
      reason: wanted.isNew === true ? 'Starting' : 'NoRelease',
    });
  const { phase, waitingFor } = busy.status;
  const message = `version ${busy.release.spec.version}${waitingFor === undefined ? '' : ` waits for ${waitingFor}`}`;
  return finding('Progressing', isMoving, { reason: phase, message });
}

function findPaused({ busy, observation }: ConditionInput): Finding {
  if (observation.application.spec.paused === true)
    return finding('Paused', true, { reason: 'SpecPaused', message: 'spec.paused is true: no step is taken' });
  if (busy?.status.phase !== 'Paused') return finding('Paused', false, { reason: 'NotPaused' });
  const { pausedBy, waitingFor, stepSince } = busy.status;
  const awaited = stepSince === undefined ? 'AwaitsPromotion' : 'AwaitsResumption';
  return finding('Paused', true, {
    reason: pausedBy === undefined ? awaited : 'PausedByPerson',
    message: `version ${busy.release.spec.version} waits for ${waitingFor ?? 'a person'}`,
  });
}

/** What spec asks for has all traffic: whether it could be begun comes first, also where another version is still guarded. */
function findPromoted(input: ConditionInput): Finding {
  const { busy, wanted, faults } = input;
  const phase = busy?.status.phase;
  if (phase !== undefined && phase !== 'Guarding') return finding('Promoted', false, { reason: phase });
  if (faults.length > 0) return finding('Promoted', false, { reason: 'Invalid' });
  const obstacle = wanted.unsynced ?? wanted.heldBack;
  if (obstacle !== undefined) return finding('Promoted', false, obstacle);
  return phase === undefined ? findAlone(input) : finding('Promoted', wanted.isNew !== true, { reason: phase });
}

/** Nothing is being released. */
function findAlone({ observation, wanted, serving }: ConditionInput): Finding {
  if (serving === undefined)
    return finding('Promoted', false, { reason: 'NoVersion', message: 'no version has all traffic' });
  const { version } = serving.release.spec;
  const others = otherWeights(observation, serving.release);
  if (isRouted(observation) && others.length > 0)
    return finding('Promoted', false, {
      reason: 'SharesTraffic',
      message: `${others.join(', ')} has a share of the traffic beside version ${version}`,
    });
  const isNew = wanted.isNew === true;
  const message = `version ${version} has all traffic`;
  return finding('Promoted', !isNew, { reason: isNew ? 'Starting' : 'Stable', message });
}

/** Of the version that is being released, or the last one that was. */
function findFailed({ observation, busy, wanted }: ConditionInput): Finding {
  const last = observation.releases.at(-1);
  const subject = busy ?? (last === undefined ? undefined : { release: last, status: statusOf(last) });
  const isBack = subject !== undefined && hasFailed(subject.status) && wanted.isNew !== true;
  if (!isBack) return finding('Failed', false, { reason: 'NotFailed' });
  const { release, status } = subject;
  const why = status.ending?.reason ?? 'no reason was recorded';
  return finding('Failed', true, { reason: status.phase, message: `version ${release.spec.version}: ${why}` });
}

function describeSync({ wanted, faults }: ConditionInput): { readonly reason: string; readonly message?: string } {
  if (wanted.unsynced !== undefined) return wanted.unsynced;
  return faults.length === 0
    ? { reason: 'Synced' }
    : { reason: 'Invalid', message: 'what spec asks for is not released: the condition Valid says why' };
}
