/** What may become of the few fields of a pod that change at all. */
import type { Pod, PodSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Fault } from '../definition.ts';
import { forbidden, invalid } from '../faults.ts';

export function checkPodChanges({ spec }: Pod, { spec: old }: Pod): readonly Fault[] {
  return [
    ...newGates(spec, old).map((name) =>
      forbidden('spec.schedulingGates', `only deletion is allowed, but found new scheduling gate '${name}'`),
    ),
    ...(losesToleration(spec, old)
      ? [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')]
      : []),
    ...deadlineFaults(spec?.activeDeadlineSeconds, old?.activeDeadlineSeconds),
  ];
}

/** Who holds a pod back lets it go by taking his gate away; none is put up later. */
function newGates(spec: PodSpec | undefined, old: PodSpec | undefined): readonly string[] {
  const before = new Set(old?.schedulingGates?.map(({ name }) => name));
  return (spec?.schedulingGates ?? []).map(({ name }) => name).filter((name) => !before.has(name));
}

function losesToleration(spec: PodSpec | undefined, old: PodSpec | undefined): boolean {
  const present = spec?.tolerations ?? [];
  if (present === old?.tolerations) return false;
  return (old?.tolerations ?? []).some(
    (each) =>
      !present.some((other) => isSameJson({ ...other, tolerationSeconds: 0 }, { ...each, tolerationSeconds: 0 })),
  );
}

/** A deadline may be set and come nearer. */
function deadlineFaults(seconds: number | undefined, before: number | undefined): readonly Fault[] {
  if (before === undefined) return [];
  const field = 'spec.activeDeadlineSeconds';
  if (seconds === undefined) return [invalid(field, null, 'must not update from a positive integer to nil value')];
  return seconds > before ? [invalid(field, seconds, 'must be less than or equal to previous value')] : [];
}
