/** Pods of a StatefulSet, which are told apart by their ordinals: names, addresses and claims follow from them. */
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet, Volume } from '@slipway/kube/api.generated';
import { controllerReference } from '@slipway/kube/owner-references';
import { statefulSets } from '@slipway/kube/resources';
import { revisionHashLabel } from '../revisions/plan-revisions.ts';

export function podName({ metadata }: StatefulSet, ordinal: number): string {
  return `${metadata.name ?? ''}-${ordinal}`;
}

/** Undefined for a pod that is not named as those of the set. */
export function ordinalOf(set: StatefulSet, { metadata }: Pod): number | undefined {
  const [, parent, ordinal] = /^(.*)-(0|[1-9]\d*)$/.exec(metadata.name ?? '') ?? [];
  return parent === set.metadata.name ? Number(ordinal) : undefined;
}

export interface VersionedTemplate {
  readonly template: PodTemplateSpec;
  /** Name of its revision. */
  readonly revision: string;
}

export function podFor(set: StatefulSet, ordinal: number, { template, revision }: VersionedTemplate): Pod {
  const name = podName(set, ordinal);
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      name,
      namespace: set.metadata.namespace,
      labels: {
        ...labels,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
        [revisionHashLabel]: revision,
      },
      annotations,
      finalizers,
      ownerReferences: [controllerReference(set, statefulSets)],
    },
    spec:
      template.spec === undefined
        ? undefined
        : {
            ...template.spec,
            hostname: name,
            subdomain: set.spec?.serviceName,
            volumes: withClaims(set, ordinal, template.spec.volumes ?? []),
          },
  };
}

/** Volumes of claims stand in place of others of their name. */
function withClaims(set: StatefulSet, ordinal: number, volumes: readonly Volume[]): readonly Volume[] {
  const own = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata: { name = '' } }) => ({
    name,
    persistentVolumeClaim: { claimName: claimName(set, name, ordinal) },
  }));
  return [...own, ...volumes.filter(({ name }) => own.every((volume) => volume.name !== name))];
}

function claimName(set: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${podName(set, ordinal)}`;
}

export function claimsFor(set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] {
  const goesWithSet = set.spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    metadata: {
      name: claimName(set, template.metadata.name ?? '', ordinal),
      namespace: set.metadata.namespace,
      annotations: template.metadata.annotations,
      labels: { ...template.metadata.labels, ...set.spec?.selector.matchLabels },
      ...(goesWithSet ? { ownerReferences: [controllerReference(set, statefulSets)] } : {}),
    },
    spec: template.spec,
  }));
}
