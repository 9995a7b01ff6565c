/** Containers that somebody adds to a pod that runs, to look into it. https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/ */
import type { EphemeralContainer, Pod, PodSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Fault } from '../definition.ts';
import { duplicate, forbidden, notFound } from '../faults.ts';

/** It holds no place in the pod: nothing is promised to it, nobody asks it anything, and it is not started again. */
const unsuitable = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
  'restartPolicy',
] as const satisfies ReadonlyArray<keyof EphemeralContainer>;

export function checkEphemeralContainers(spec: PodSpec, path: string): readonly Fault[] {
  const { ephemeralContainers = [], initContainers = [], containers } = spec;
  const lasting = [...initContainers, ...containers].map(({ name }) => name);
  return ephemeralContainers.flatMap((container, index) => {
    const at = `${path}.ephemeralContainers[${index}]`;
    const { name, targetContainerName = '' } = container;
    const earlier = ephemeralContainers.slice(0, index).map((each) => each.name);
    return [
      ...([...lasting, ...earlier].includes(name) ? [duplicate(`${at}.name`, name)] : []),
      ...unsuitable
        .filter((field) => !isEmpty(container[field]))
        .map((field) => forbidden(`${at}.${field}`, 'cannot be set for an Ephemeral Container')),
      ...(container.volumeMounts ?? []).flatMap(({ subPath = '', subPathExpr = '' }, mount) =>
        subPath === '' && subPathExpr === ''
          ? []
          : [forbidden(`${at}.volumeMounts[${mount}].subPath`, 'cannot be set for an Ephemeral Container')],
      ),
      ...(targetContainerName === '' || lasting.includes(targetContainerName)
        ? []
        : [notFound(`${at}.targetContainerName`, targetContainerName)]),
    ];
  });
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

/** The pod as it is, with the ephemeral containers that were asked for: nothing else is written by that subresource. */
export function takeEphemeralContainers(asked: Pod, current: Pod): Pod {
  const { ephemeralContainers: _, ...spec } = { containers: [], ...current.spec };
  const { ephemeralContainers } = asked.spec ?? {};
  return { ...current, spec: ephemeralContainers === undefined ? spec : { ...spec, ephemeralContainers } };
}

/** Those that are there stay, and stay what they are. */
export function checkEphemeralChange({ spec }: Pod, { spec: old }: Pod): readonly Fault[] {
  return (old?.ephemeralContainers ?? []).flatMap((before) => {
    const after = spec?.ephemeralContainers?.find(({ name }) => name === before.name);
    const what = `existing ephemeral containers ${JSON.stringify(before.name)}`;
    if (after === undefined) return [forbidden('spec.ephemeralContainers', `${what} may not be removed\n`)];
    return isSameJson(after, before) ? [] : [forbidden('spec.ephemeralContainers', `${what} may not be changed\n`)];
  });
}

export function refuseEphemeralContainers({ spec }: Pick<Pod, 'spec'>, path: string, why: string): readonly Fault[] {
  return (spec?.ephemeralContainers ?? []).length === 0 ? [] : [forbidden(`${path}.ephemeralContainers`, why)];
}
