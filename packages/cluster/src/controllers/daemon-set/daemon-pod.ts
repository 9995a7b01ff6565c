/** Pods of a DaemonSet: made for one node each, which the scheduler finds by its name. */
import type { Affinity, ControllerRevision, DaemonSet, Pod, PodSpec, Toleration } from '@slipway/kube/api.generated';
import { controllerReference } from '@slipway/kube/owner-references';
import { daemonSets } from '@slipway/kube/resources';
import { hashOf, revisionHashLabel } from '../revisions/plan-revisions.ts';

const nameField = 'metadata.name';

/** What happens to a node does not drive away what belongs to it. https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations */
const tolerated: readonly Toleration[] = [
  ...['not-ready', 'unreachable'].map((name) => tolerationOf(name, 'NoExecute')),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) =>
    tolerationOf(name, 'NoSchedule'),
  ),
];

function tolerationOf(name: string, effect: 'NoExecute' | 'NoSchedule'): Toleration {
  return { key: `node.kubernetes.io/${name}`, operator: 'Exists', effect };
}

/** A pod of the template, wherever it goes. */
export function podOf(set: DaemonSet, revision: ControllerRevision): Pod {
  const { metadata = {}, spec } = set.spec?.template ?? {};
  const { labels, annotations, finalizers } = metadata;
  return {
    metadata: {
      generateName: `${set.metadata.name ?? ''}-`,
      namespace: set.metadata.namespace,
      labels: { ...labels, [revisionHashLabel]: hashOf(revision) },
      annotations,
      finalizers,
      ownerReferences: [controllerReference(set, daemonSets)],
    },
    spec: spec === undefined ? undefined : { ...spec, tolerations: withTolerations(spec) },
  };
}

function withTolerations({ tolerations = [], hostNetwork }: PodSpec): readonly Toleration[] {
  const wanted = hostNetwork === true ? [...tolerated, tolerationOf('network-unavailable', 'NoSchedule')] : tolerated;
  const isThere = (toleration: Toleration): boolean =>
    tolerations.some(
      ({ key, effect, operator }) =>
        key === toleration.key && effect === toleration.effect && operator === toleration.operator,
    );
  return [...tolerations, ...wanted.filter((toleration) => !isThere(toleration))];
}

export function podForNode(pod: Pod, nodeName: string): Pod {
  if (pod.spec === undefined) return pod;
  return { ...pod, spec: { ...pod.spec, affinity: boundTo(pod.spec.affinity, nodeName) } };
}

function boundTo(affinity: Affinity | undefined, nodeName: string): Affinity {
  const matchFields = [{ key: nameField, operator: 'In' as const, values: [nodeName] }];
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [{ matchFields }] };
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution },
  };
}

/** Where the pod is, or where it is to go. */
export function targetNodeOf({ spec }: Pod): string | undefined {
  if (spec?.nodeName !== undefined && spec.nodeName !== '') return spec.nodeName;
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const fields = terms.flatMap(({ matchFields = [] }) => matchFields);
  return fields.find(({ key, operator }) => key === nameField && operator === 'In')?.values?.[0];
}
