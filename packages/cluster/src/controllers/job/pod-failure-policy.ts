import type {
  ContainerStatus,
  Job,
  Pod,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '@slipway/kube/api.generated';

/** What a failed pod means to its Job. */
export interface FailureVerdict {
  readonly action: PodFailurePolicyRule['action'];
  /** Why the whole Job fails; only with `FailJob`. */
  readonly message?: string | undefined;
}

const counted: FailureVerdict = { action: 'Count' };

/** The first rule that matches decides. https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */
export function judgeFailure(pod: Pod, { spec }: Job): FailureVerdict {
  for (const [index, rule] of (spec?.podFailurePolicy?.rules ?? []).entries()) {
    const match = matchRule(pod, rule);
    if (match === undefined) continue;
    if (rule.action !== 'FailJob') return { action: rule.action };
    return { action: 'FailJob', message: `${match} matching FailJob rule at index ${index}` };
  }
  return counted;
}

/** What matched, in words. */
function matchRule(pod: Pod, { onExitCodes, onPodConditions = [] }: PodFailurePolicyRule): string | undefined {
  const { name = '', namespace = '' } = pod.metadata;
  if (onExitCodes !== undefined) {
    const status = matchExitCodes(pod, onExitCodes);
    if (status === undefined) return undefined;
    return `Container ${status.name} for pod ${namespace}/${name} failed with exit code ${exitCodeOf(status)}`;
  }
  const condition = pod.status?.conditions?.find((each) =>
    onPodConditions.some(({ type, status }) => each.type === type && each.status === status),
  );
  return condition === undefined ? undefined : `Pod ${namespace}/${name} has condition ${condition.type}`;
}

function matchExitCodes(
  { status }: Pod,
  { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement,
): ContainerStatus | undefined {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return statuses.find((each) => {
    const code = exitCodeOf(each);
    if (code === 0 || (containerName !== undefined && containerName !== each.name)) return false;
    return values.includes(code) === (operator === 'In');
  });
}

function exitCodeOf({ state }: ContainerStatus): number {
  return state?.terminated?.exitCode ?? 0;
}
