/** What is risky in a pod template, whatever kind it belongs to. */
import type { Container, PodTemplateSpec } from '@slipway/kube/api.generated';

export interface Concern {
  readonly rule: string;
  readonly field: string;
  readonly message: string;
}

interface Place {
  readonly container: Container;
  /** Of the container. */
  readonly field: string;
}

/** `path` is the field that holds the template. */
export function lintImages(template: PodTemplateSpec | undefined, path: string): readonly Concern[] {
  return allContainers(template, path).flatMap(({ container: { image = '' }, field }) =>
    isFloating(image)
      ? [
          {
            rule: 'floating-tag',
            field: `${field}.image`,
            message: `"${image}" may be another image tomorrow, and going back would not bring this one back: name a version or a digest`,
          },
        ]
      : [],
  );
}

/** Of the containers that go on running: what starts before them has no probes. */
export function lintProbes(
  template: PodTemplateSpec | undefined,
  path: string,
  { isServed }: { readonly isServed: boolean },
): readonly Concern[] {
  const places = mainContainers(template, path);
  const isReached = ({ ports = [] }: Container): boolean => ports.length > 0;
  // A Service leads to a port that nobody names too; which container that is of is not known where one has a probe.
  const isAnyones =
    isServed && !places.some(({ container }) => isReached(container) || container.readinessProbe !== undefined);
  return places.flatMap(({ container, field }, index) => [
    ...(container.readinessProbe === undefined && (isReached(container) || (isAnyones && index === 0))
      ? [
          {
            rule: 'missing-readiness-probe',
            field: `${field}.readinessProbe`,
            message: 'it is given traffic as soon as its process runs, before it can answer',
          },
        ]
      : []),
    ...(container.livenessProbe === undefined
      ? [
          {
            rule: 'missing-liveness-probe',
            field: `${field}.livenessProbe`,
            message: 'a process that hangs is not started again',
          },
        ]
      : []),
  ]);
}

export function lintResources(template: PodTemplateSpec | undefined, path: string): readonly Concern[] {
  return mainContainers(template, path).flatMap(({ container: { resources }, field }) => {
    const requested = { ...resources?.limits, ...resources?.requests };
    const missing = ['cpu', 'memory'].filter((name) => requested[name] === undefined);
    return [
      ...(missing.length === 0
        ? []
        : [
            {
              rule: 'missing-requests',
              field: `${field}.resources.requests`,
              message: `without ${missing.join(' and ')} the scheduler takes it for nothing, and it is the first to be evicted`,
            },
          ]),
      ...(resources?.limits?.['memory'] === undefined
        ? [
            {
              rule: 'missing-memory-limit',
              field: `${field}.resources.limits.memory`,
              message: 'a leak takes the memory of the whole node',
            },
          ]
        : []),
    ];
  });
}

function mainContainers(template: PodTemplateSpec | undefined, path: string): readonly Place[] {
  return (template?.spec?.containers ?? []).map((container, index) => ({
    container,
    field: `${path}.spec.containers[${index}]`,
  }));
}

function allContainers(template: PodTemplateSpec | undefined, path: string): readonly Place[] {
  const initial = (template?.spec?.initContainers ?? []).map((container, index) => ({
    container,
    field: `${path}.spec.initContainers[${index}]`,
  }));
  return [...initial, ...mainContainers(template, path)];
}

/** `nginx`, `nginx:latest` and `registry:5000/nginx` float; `nginx:1.27` and `nginx@sha256:...` do not. */
export function isFloating(image: string): boolean {
  if (image.includes('@')) return false;
  const name = image.slice(image.lastIndexOf('/') + 1);
  const tag = name.split(':')[1] ?? 'latest';
  return tag === 'latest';
}
