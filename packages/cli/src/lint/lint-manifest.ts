/** What is wrong or risky in one manifest, found without any cluster. */
import type { PodTemplateSpec } from '@slipway/kube/api.generated';
import { hasRouter, type Application } from '@slipway/delivery/api/application';
import type { KubeObject } from '@slipway/kube/object';
import { isApplication } from '../manifests/application-changes.ts';
import { findFaults, isReadable } from '../manifests/application-faults.ts';
import { lintImages, lintProbes, lintResources, type Concern } from './pod-rules.ts';

export interface Finding extends Concern {
  /** An error is refused by the controller; a warning is a risk that it takes. */
  readonly severity: 'error' | 'warning';
}

/** Errors first. */
export async function lintManifest(object: KubeObject): Promise<readonly Finding[]> {
  if (!isApplication(object)) return asWarnings(lintWorkload(object));
  const errors = (await findFaults(object)).map((fault): Finding => ({ severity: 'error', rule: 'invalid', ...fault }));
  // Risks are looked for only in what can be read: one without containers has nothing that could be risky.
  const spec = fieldOf(object, 'spec');
  const hasPods = isTemplate(fieldOf(spec, 'template')) || fieldOf(spec, 'workloadRef') !== undefined;
  return [...errors, ...(hasPods && isReadable(object) ? asWarnings(lintApplication(object)) : [])];
}

function asWarnings(concerns: readonly Concern[]): readonly Finding[] {
  return concerns.map((concern) => ({ severity: 'warning', ...concern }));
}

function lintApplication({ spec }: Application): readonly Concern[] {
  const path = 'spec.template';
  return [
    ...lintImages(spec.template, path),
    ...lintProbes(spec.template, path, { isServed: spec.service !== undefined }),
    ...lintResources(spec.template, path),
    ...lintReplicas(spec.replicas),
    ...lintHealth(spec),
    ...lintStrategy(spec),
  ];
}

/** A Deployment, or what else Kubernetes makes pods of. */
function lintWorkload(object: KubeObject): readonly Concern[] {
  const spec = fieldOf(object, 'spec');
  const template = fieldOf(spec, 'template');
  if (!isTemplate(template)) return [];
  const path = 'spec.template';
  const runsOn = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].includes(object.kind ?? '');
  const replicas = fieldOf(spec, 'replicas');
  return [
    ...lintImages(template, path),
    ...(runsOn ? lintProbes(template, path, { isServed: false }) : []),
    ...lintResources(template, path),
    ...(object.kind === 'Deployment' ? lintReplicas(typeof replicas === 'number' ? replicas : undefined) : []),
  ];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function isTemplate(value: unknown): value is PodTemplateSpec {
  return Array.isArray(fieldOf(fieldOf(value, 'spec'), 'containers'));
}

function lintReplicas(replicas = 1): readonly Concern[] {
  return replicas === 1
    ? [
        {
          rule: 'single-replica',
          field: 'spec.replicas',
          message: 'while its one pod is moved or lost nothing answers: ask for 2 or more',
        },
      ]
    : [];
}

function lintHealth({ healthCheck }: Application['spec']): readonly Concern[] {
  if (healthCheck !== undefined && healthCheck.ignore !== true) return [];
  return [
    {
      rule: 'missing-health-check',
      field: healthCheck === undefined ? 'spec.healthCheck' : 'spec.healthCheck.ignore',
      message: 'a version that is ready and does not work is promoted: ask it',
    },
  ];
}

/** What the strategy asks of a router that there is not. */
function lintStrategy({ strategy, route, guardSeconds }: Application['spec']): readonly Concern[] {
  const isByPods = !hasRouter(route);
  const concerns: readonly (Concern | false)[] = [
    strategy?.type === 'canary' &&
      isByPods && {
        rule: 'canary-without-route',
        field: 'spec.route',
        message:
          'without a route the share of a canary is one of pods, and clients with kept connections do not follow it',
      },
    strategy?.type === 'blueGreen' &&
      isByPods && {
        rule: 'blue-green-without-route',
        field: 'spec.route',
        message: 'inside the cluster both versions serve for a moment: a route moves everybody at once',
      },
    guardSeconds === 0 && {
      rule: 'no-guard',
      field: 'spec.guardSeconds',
      message: 'the version before goes at once: a fault that shows under load has nothing to go back to quickly',
    },
  ];
  return concerns.filter((concern) => concern !== false);
}
