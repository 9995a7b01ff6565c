import type { Deployment, Pod, PodTemplateSpec, ReplicaSet, Service } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import type { Application } from '../api/application.ts';
import type { AdoptionRequest, AdoptionWorld, Autoscaler, HandoverPlan, Stage } from './adoption-world.ts';
import { chooseApplication, planAdoption } from './plan-adoption.ts';
import { planEjection } from './plan-ejection.ts';

const namespace = 'default';
const selector = { app: 'shop' };
const template = { metadata: { labels: selector }, spec: { containers: [{ name: 'web', image: 'shop:1' }] } };
const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop', uid: 'deployment', controller: true };

const deployment: Deployment = {
  metadata: { namespace, name: 'shop', uid: 'deployment', generation: 1, resourceVersion: '10' },
  spec: { replicas: 1, selector: { matchLabels: selector }, template },
  status: { observedGeneration: 1, replicas: 1, readyReplicas: 1 },
};
const hashed = { ...selector, 'pod-template-hash': 'abc' };
const set: ReplicaSet = {
  metadata: { namespace, name: 'shop-abc', uid: 'set', generation: 1, labels: hashed, ownerReferences: [owner] },
  spec: {
    replicas: 1,
    selector: { matchLabels: hashed },
    template: { ...template, metadata: { labels: hashed } },
  },
  status: { replicas: 1, observedGeneration: 1 },
};
const earlier: ReplicaSet = {
  metadata: { ...set.metadata, name: 'shop-old', uid: 'old', labels: { ...selector, 'pod-template-hash': 'old' } },
  spec: { replicas: 0, selector: { matchLabels: { ...selector, 'pod-template-hash': 'old' } }, template },
  status: { replicas: 0, observedGeneration: 1 },
};
const pod: Pod = {
  metadata: {
    namespace,
    name: 'shop-abc-1',
    uid: 'pod',
    labels: hashed,
    ownerReferences: [{ ...owner, kind: 'ReplicaSet', name: 'shop-abc', uid: 'set' }],
  },
};
const service: Service = { metadata: { namespace, name: 'shop', uid: 'service' }, spec: { selector } };
const scaler: Autoscaler = {
  metadata: { namespace, name: 'shop-scaler', resourceVersion: '7' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'shop' }, maxReplicas: 5 },
};
const application: Application = {
  metadata: { namespace, name: 'shop', uid: 'application' },
  spec: { replicas: 1, workloadRef: { kind: 'Deployment', name: 'shop' } },
};

const running: AdoptionWorld = {
  deployment,
  applications: [],
  releases: [],
  splits: [],
  replicaSets: [set, earlier],
  pods: [pod],
  services: [service],
  slices: [],
  budgets: [],
  autoscalers: [],
};
const asked: AdoptionRequest = { namespace, deployment: 'shop', application: 'shop', movesAutoscaler: false };

function firstOf({ stages }: HandoverPlan): Stage | undefined {
  return stages.find((steps) => steps.length > 0);
}

function written({ stages }: HandoverPlan): readonly string[] {
  return stages
    .flat()
    .flatMap((step) =>
      step.verb === 'wait' ? [] : [`${step.verb} ${step.type.kind} ${step.object.metadata.name ?? ''}`],
    );
}

describe('adopting', () => {
  test('is shown whole before anything is done, in the order in which it is safe', () => {
    const plan = planAdoption(running, asked);
    expect(plan.refusals).toEqual([]);
    expect(written(plan)).toEqual([
      'create Application shop',
      'patch Deployment shop',
      'patch ReplicaSet shop-abc',
      'patch Pod shop-abc-1',
      'create Service shop-adoption-check',
      'patch ReplicaSet shop-old',
      'patch ReplicaSet shop-abc',
      'patch Service shop',
      'patch Deployment shop',
    ]);
  });

  test('carries the resourceVersion of what it was decided on', () => {
    const claimed = planAdoption({ ...running, applications: [application] }, asked);
    expect(firstOf(claimed)).toMatchObject([
      {
        verb: 'patch',
        patch: { type: 'merge', body: { metadata: { resourceVersion: '10' }, spec: { paused: true } } },
      },
    ]);
  });

  test('waits for the Deployment controller to see the pause before anything else', () => {
    const paused: Deployment = {
      ...deployment,
      metadata: { ...deployment.metadata, generation: 2, annotations: { 'slipway.dev/adopted-by': 'application' } },
      spec: { replicas: 1, selector: { matchLabels: selector }, template, paused: true },
    };
    const plan = planAdoption({ ...running, deployment: paused, applications: [application] }, asked);
    expect(firstOf(plan)).toEqual([{ verb: 'wait', what: 'the Deployment controller to see the pause' }]);
  });

  test('points the autoscaler at the Application first, where that was asked for', () => {
    const world = { ...running, autoscalers: [scaler] };
    const scaleTargetRef = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', name: 'shop' };
    expect(firstOf(planAdoption(world, { ...asked, movesAutoscaler: true }))).toMatchObject([
      { verb: 'patch', patch: { body: { metadata: { resourceVersion: '7' }, spec: { scaleTargetRef } } } },
    ]);
  });

  test('leaves the selector of a Service that leads to pods of others too, and says so', () => {
    const other: Pod = { metadata: { namespace, name: 'other', uid: 'other', labels: selector } };
    const plan = planAdoption({ ...running, pods: [pod, other] }, asked);
    expect(written(plan)).not.toContain('patch Service shop');
    expect(plan.notes).toEqual([expect.stringContaining('the Service shop leads to pods of others too')]);
  });

  test('is of the Application that refers to the Deployment, or of a new one of its name', () => {
    const named = { ...application, metadata: { ...application.metadata, name: 'store' } };
    expect(chooseApplication(running, 'shop')).toBe('shop');
    expect(chooseApplication({ ...running, applications: [named] }, 'shop')).toBe('store');
  });

  const changed = { ...template, spec: { containers: [{ name: 'web', image: 'shop:2' }] } };
  const second: ReplicaSet = { ...earlier, spec: { ...earlier.spec, replicas: 1, selector: { matchLabels: {} } } };
  const made: ReplicaSet = {
    ...set,
    spec: { ...set.spec, selector: { matchLabels: { ...hashed, 'slipway.dev/release': 'shop-2' } } },
  };
  const serving: Application = {
    ...application,
    status: { serving: { version: '3', release: 'shop-3', hash: '' } },
  };
  const spec = { replicas: 1, selector: { matchLabels: selector }, template };

  const costly = (given: PodTemplateSpec): PodTemplateSpec => ({
    ...given,
    metadata: { ...given.metadata, annotations: { 'controller.kubernetes.io/pod-deletion-cost': '5' } },
  });

  test.each<{ readonly name: string; readonly world: Partial<AdoptionWorld>; readonly says: string }>([
    {
      name: 'of a Deployment that is not there',
      world: { deployment: undefined },
      says: 'There is no Deployment "shop"',
    },
    { name: 'under an autoscaler', world: { autoscalers: [scaler] }, says: 'with --move-hpa it is pointed' },
    {
      name: 'in the middle of a rollout',
      world: { replicaSets: [set, second] },
      says: 'is not rolled out (1 of 1 pods are ready, of 2 ReplicaSets)',
    },
    {
      name: 'before the last change has been seen',
      world: { deployment: { ...deployment, metadata: { ...deployment.metadata, generation: 2 } } },
      says: 'is not rolled out',
    },
    { name: 'without pods', world: { replicaSets: [earlier] }, says: 'has no pods' },
    {
      name: 'with a template that does not run',
      world: { deployment: { ...deployment, spec: { ...spec, template: changed, paused: true } } },
      says: 'is not the one that runs',
    },
    {
      name: 'with what the controller tells pods apart by in its template',
      world: {
        deployment: { ...deployment, spec: { ...spec, template: costly(template) } },
        replicaSets: [{ ...set, spec: { selector: {}, ...set.spec, template: costly(set.spec?.template ?? {}) } }],
      },
      says: 'has in spec.template.metadata.annotations what an Application may not have',
    },
    {
      name: 'by a second Application',
      world: { applications: [{ ...application, metadata: { ...application.metadata, name: 'store' } }] },
      says: 'The Application "store" refers to the Deployment "shop" already',
    },
    {
      name: 'by an Application with a template',
      world: { applications: [{ ...application, spec: { template } }] },
      says: 'The Application "shop" says otherwise what runs',
    },
    {
      name: 'by an Application of another size',
      world: { applications: [{ ...application, spec: { ...application.spec, replicas: 3 } }] },
      says: 'asks for 3 pods and the Deployment "shop" has 1',
    },
    {
      name: 'to the end under an autoscaler that came meanwhile',
      world: {
        deployment: {
          ...deployment,
          metadata: { ...deployment.metadata, annotations: { 'slipway.dev/adopted-by': 'application' } },
        },
        applications: [application],
        autoscalers: [scaler],
      },
      says: 'with --move-hpa it is pointed',
    },
    {
      name: 'by an Application with versions',
      world: { applications: [serving] },
      says: 'has versions of its own already',
    },
    {
      name: 'of what a release has made',
      world: { replicaSets: [made] },
      says: 'was made by Slipway and selects its pods by',
    },
  ])('is refused $name', ({ world, says }) => {
    const { refusals, stages } = planAdoption({ ...running, ...world }, asked);
    expect(refusals).toEqual([expect.stringContaining(says)]);
    expect(stages).toEqual([]);
  });
});

describe('ejecting', () => {
  const adopted: Deployment = {
    ...deployment,
    metadata: {
      ...deployment.metadata,
      annotations: { 'slipway.dev/adopted-by': 'application', 'slipway.dev/adopted': 'shop-abc' },
    },
    spec: { replicas: 1, selector: { matchLabels: selector }, template, paused: true },
  };
  const own = { 'slipway.dev/application': 'shop', 'slipway.dev/release': 'shop-1' };
  const taken: ReplicaSet = {
    ...set,
    metadata: {
      ...set.metadata,
      ownerReferences: [],
      labels: own,
      annotations: { 'slipway.dev/application-uid': 'application', 'slipway.dev/taken-from': 'deployment' },
    },
  };
  const serving: Application = {
    ...application,
    status: { phase: 'Stable', serving: { version: '1', release: 'shop-1', hash: '' } },
  };
  const world: AdoptionWorld = { ...running, deployment: adopted, applications: [serving], replicaSets: [taken] };
  const wanted = { namespace, deployment: 'shop', movesAutoscaler: false };
  const stray: Pod = { metadata: { namespace, name: 'stray', uid: 'stray', labels: { ...own, ...selector } } };
  const claimed: Service = {
    metadata: { ...service.metadata, annotations: { 'slipway.dev/adopted-by': 'application' } },
    spec: { selector: { ...selector, 'slipway.dev/serves': 'true' } },
  };
  const pointed: Autoscaler = {
    ...scaler,
    spec: { scaleTargetRef: { kind: 'Application', name: 'shop' }, maxReplicas: 5 },
  };

  test.each<{ readonly name: string; readonly given: Partial<AdoptionWorld>; readonly says: string }>([
    { name: 'what is not adopted', given: { deployment }, says: 'is not adopted' },
    {
      name: 'during a release',
      given: { applications: [{ ...serving, status: { ...serving.status, candidate: 'shop-2', phase: 'Guarding' } }] },
      says: 'The Release "shop-2" is under way (Guarding)',
    },
    { name: 'beside pods of another version', given: { pods: [pod, stray] }, says: '1 pods of other versions' },
    {
      name: 'where a Service would find others',
      given: { services: [claimed], pods: [pod, { metadata: { namespace, name: 'x', uid: 'x', labels: selector } }] },
      says: 'The Service "shop" would lead to x too',
    },
    {
      name: 'under an autoscaler',
      given: { autoscalers: [pointed] },
      says: 'with --move-hpa it is pointed at the Deployment',
    },
    {
      name: 'with a route',
      given: {
        splits: [
          {
            metadata: { namespace, name: 'shop' },
            spec: { application: 'shop', rules: [] },
          },
        ],
      },
      says: 'has a route, and requests come by it',
    },
    {
      name: 'without a ReplicaSet that is left',
      given: { replicaSets: [] },
      says: 'No ReplicaSet of the version that serves',
    },
  ])('is refused $name', ({ given, says }) => {
    const { refusals, stages } = planEjection({ ...world, ...given }, wanted);
    expect(refusals).toEqual([expect.stringContaining(says)]);
    expect(stages).toEqual([]);
  });

  test('says first at the Deployment what it is about, and deletes the Application before the template changes', () => {
    expect(written(planEjection(world, wanted)).slice(0, 2)).toEqual([
      'patch Deployment shop',
      'delete Application shop',
    ]);
  });

  test('leaves no note of an earlier size, by which the Deployment would scale for ever', () => {
    const steps = planEjection(world, wanted).stages.flat();
    const attached = steps.filter((step) => step.what.startsWith('belong to the Deployment'));
    const gone = {
      'deployment.kubernetes.io/desired-replicas': null,
      'deployment.kubernetes.io/max-replicas': null,
      'slipway.dev/taken-from': null,
    };
    expect(attached).toMatchObject([{ patch: { body: { metadata: { annotations: gone } } } }]);
  });

  test('points the autoscaler back, where that was asked for', () => {
    const plan = planEjection({ ...world, autoscalers: [pointed] }, { ...wanted, movesAutoscaler: true });
    expect(firstOf(plan)).toMatchObject([
      { patch: { body: { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' } } } } },
    ]);
  });
});
