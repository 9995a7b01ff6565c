/** Moving all traffic from one version to another, in the order of delivery.md: split, confirmed, joined, confirmed, left. */
import type { Pod } from '@slipway/kube/api.generated';
import { describeConfirmation } from './describe-confirmation.ts';
import {
  handlingOf,
  isBackend,
  isMarked,
  isRouted,
  isServing,
  isSplitConfirmed,
  previewOf,
  splitWeights,
  type Observation,
  type VersionView,
} from './observation.ts';
import type { Action } from './plan.ts';
import { describePods } from './pod-faults.ts';
import { nameOf } from './release-context.ts';
import { hasRightSessions } from './sessions/session-route.ts';

export interface Move {
  readonly observation: Observation;
  readonly to: VersionView;
  readonly from: VersionView | undefined;
}

export interface MoveStep {
  readonly actions: readonly Action[];
  /** Undefined when all traffic is there and confirmed. */
  readonly waitingFor: string | undefined;
  /** Milliseconds. */
  readonly requeueAfter?: number | undefined;
}

/** The next step on the way; every step begins only when the one before is confirmed. */
export function planMove({ observation, to, from }: Move): MoveStep {
  const target = nameOf(to.release);
  if (isRouted(observation)) {
    const weights = splitWeights(observation);
    const isWhole = weights[target] === 100 && Object.values(weights).reduce((sum, weight) => sum + weight, 0) === 100;
    const isAlone = previewOf(observation) === undefined && Object.keys(handlingOf(observation)).length === 0;
    const isAsked = isWhole && isAlone && hasRightSessions(observation, { [target]: 100 });
    if (!isAsked) {
      const apart = silentPods(to).filter((pod) => !isBackend(pod));
      // Pods that were about to leave when the version was asked for again: without them it could not carry the weight.
      if (apart.length > 0)
        return {
          actions: [
            { type: 'setServing', release: target, pods: names(apart), serves: true, backend: true, template: false },
          ],
          waitingFor: `${describePods(apart, to.release.spec.version)} to stand behind it again`,
        };
      const rest = from === undefined ? {} : { [nameOf(from.release)]: 0 };
      return {
        actions: [{ type: 'setSplit', weights: { ...rest, [target]: 100 } }],
        waitingFor: `the split to name version ${to.release.spec.version}`,
      };
    }
    if (!isSplitConfirmed(observation))
      return {
        actions: planEarlyJoining({ observation, to, from }),
        waitingFor: describeConfirmation(observation, `that version ${to.release.spec.version} takes all traffic`),
      };
  }
  const joining = planJoining(to);
  if (joining.length > 0)
    return { actions: joining, waitingFor: `version ${to.release.spec.version} to join the Service` };
  const unconfirmed = to.ready.filter((pod) => !to.serving.includes(pod));
  if (unconfirmed.length > 0)
    return {
      actions: [],
      waitingFor: `${describePods(unconfirmed, to.release.spec.version)} to appear in the Service's endpoints`,
    };
  return from === undefined ? { actions: [], waitingFor: undefined } : planWithdrawal(from);
}

function planJoining(to: VersionView): readonly Action[] {
  const pods = names(silentPods(to));
  return pods.length === 0 && isTemplateServing(to)
    ? []
    : [{ type: 'setServing', release: nameOf(to.release), pods, serves: true, backend: true, template: true }];
}

/** Where nobody stands in the Service, stable comes back to it, whatever those wait for who come by the route. */
export function planComeback({ application, pods }: Observation, to: VersionView): readonly Action[] {
  const isStable = application.status?.serving?.release === nameOf(to.release);
  return isStable && !pods.some(isServing) ? planJoining(to) : [];
}

/**
 * On the way to stable the rest of it need not wait for those who come by the route where stable stands in the Service. On the
 * way from stable it may stand there no more, because somebody deleted its ReplicaSet: while a gateway is waited for, maybe for
 * long, the pods that came instead serve again.
 */
function planEarlyJoining({ observation, to, from }: Move): readonly Action[] {
  const isStable = observation.application.status?.serving?.release === nameOf(to.release);
  const isStanding = isTemplateServing(to) && to.pods.some(isServing);
  if (isStable && isStanding) return planJoining(to);
  return [to, ...(from === undefined || from.ready.length === 0 ? [] : [from])].flatMap((view) =>
    planComeback(observation, view),
  );
}

/** Takes a whole version out of the Application's Service. */
export function planWithdrawal(from: VersionView): MoveStep {
  const leaving = from.pods.filter(isServing);
  if (leaving.length > 0 || isTemplateServing(from)) {
    return {
      actions: [
        { type: 'setServing', release: nameOf(from.release), pods: names(leaving), serves: false, template: true },
      ],
      waitingFor: `version ${from.release.spec.version} to leave the Service`,
    };
  }
  return from.listed.length > 0
    ? {
        actions: [],
        waitingFor: `${describePods(from.listed, from.release.spec.version)} to leave the Service's endpoints`,
      }
    : { actions: [], waitingFor: undefined };
}

export function isTemplateServing({ replicaSet }: VersionView): boolean {
  return replicaSet?.spec?.template?.metadata?.labels?.['slipway.dev/serves'] === 'true';
}

export function names(pods: readonly Pod[]): readonly string[] {
  return pods.map(({ metadata }) => metadata.name ?? '');
}

/**
 * Ready pods without their routing labels, which may have them. Not those that are marked to go while the ReplicaSet still
 * has to become smaller: a mark taken from one would send the ReplicaSet controller to a pod that serves.
 */
export function silentPods({ ready, pods, replicaSet }: VersionView): readonly Pod[] {
  const isShrinking = pods.length > (replicaSet?.spec?.replicas ?? 0);
  const isLeaving = (pod: Pod): boolean => isShrinking && isMarked(pod);
  return ready.filter((pod) => (!isServing(pod) || !isBackend(pod)) && !isLeaving(pod));
}
