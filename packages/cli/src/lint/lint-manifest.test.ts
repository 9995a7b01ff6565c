import type { KubeObject } from '@slipway/kube/object';
import { describe, expect, test } from 'vitest';
import { lintManifest } from './lint-manifest.ts';
import { isFloating } from './pod-rules.ts';

const container = {
  name: 'web',
  image: 'shop:1.5',
  ports: [{ containerPort: 80 }],
  readinessProbe: { httpGet: { path: '/readyz', port: 80 } },
  livenessProbe: { httpGet: { path: '/livez', port: 80 } },
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
};

/** Nothing is to be said against it. */
const spec = {
  replicas: 3,
  template: { spec: { containers: [container] } },
  service: { ports: [{ port: 80 }] },
  route: { hosts: ['shop.localhost'] },
  healthCheck: { path: '/health' },
};

function application(changes: object): KubeObject {
  const object = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: { name: 'shop' } };
  // As it is read from a file: there nothing is undefined.
  return JSON.parse(JSON.stringify({ ...object, spec: { ...spec, ...changes } })) as KubeObject;
}

function withContainer(changes: object): object {
  return { template: { spec: { containers: [{ ...container, ...changes }] } } };
}

async function said(object: KubeObject): Promise<readonly string[]> {
  return (await lintManifest(object)).map(({ severity, rule, field }) => `${severity} ${rule} ${field}`);
}

const web = 'spec.template.spec.containers[0]';

describe('an Application', () => {
  test('that is well made is not spoken of', async () => {
    expect(await lintManifest(application({}))).toEqual([]);
  });

  test('whose template is that of a Deployment is looked at without it', async () => {
    const adopting = { template: undefined, workloadRef: { kind: 'Deployment', name: 'shop' } };
    expect(await lintManifest(application(adopting))).toEqual([]);
    expect(await said(application({ ...adopting, replicas: 1 }))).toEqual(['warning single-replica spec.replicas']);
    expect(await said(application({ workloadRef: adopting.workloadRef }))).toEqual(['error invalid spec.workloadRef']);
  });

  test.each<[object, string]>([
    [withContainer({ image: 'shop' }), `warning floating-tag ${web}.image`],
    [withContainer({ readinessProbe: undefined }), `warning missing-readiness-probe ${web}.readinessProbe`],
    [
      withContainer({ readinessProbe: undefined, ports: undefined }),
      `warning missing-readiness-probe ${web}.readinessProbe`,
    ],
    [withContainer({ livenessProbe: undefined }), `warning missing-liveness-probe ${web}.livenessProbe`],
    [
      withContainer({ resources: { requests: { memory: 1 }, limits: { memory: 1 } } }),
      `warning missing-requests ${web}.resources.requests`,
    ],
    [
      withContainer({ resources: { requests: { cpu: 1, memory: 1 } } }),
      `warning missing-memory-limit ${web}.resources.limits.memory`,
    ],
    [{ replicas: 1 }, 'warning single-replica spec.replicas'],
    [{ replicas: undefined }, 'warning single-replica spec.replicas'],
    [{ healthCheck: undefined }, 'warning missing-health-check spec.healthCheck'],
    [{ healthCheck: { ignore: true } }, 'warning missing-health-check spec.healthCheck.ignore'],
    [{ guardSeconds: 0 }, 'warning no-guard spec.guardSeconds'],
    [{ route: undefined, strategy: { type: 'blueGreen' } }, 'warning blue-green-without-route spec.route'],
    [
      {
        replicas: 4,
        route: { through: 'none' },
        strategy: { type: 'canary', canary: { steps: [{ setWeight: 25 }] } },
      },
      'warning canary-without-route spec.route',
    ],
    [{ strategy: { type: 'canary' } }, 'error invalid spec.strategy.canary.steps'],
    [
      { checks: [{ name: 'a', provider: { gateway: { metric: 'rate' } }, successWhen: 'valu > 1.0' }] },
      'error invalid spec.checks[0].successWhen',
    ],
  ])('%o', async (changes, expected) => {
    const found = await said(application(changes));
    expect(found).toContain(expected);
    expect(found.filter((line) => line.startsWith('warning')).length).toBeLessThanOrEqual(
      expected.startsWith('warning') ? 1 : 0,
    );
  });

  test('an init container has an image that may float, and no probes', async () => {
    const initContainers = [{ name: 'migrate', image: 'migrate:latest' }];
    expect(await said(application({ template: { spec: { containers: [container], initContainers } } }))).toEqual([
      'warning floating-tag spec.template.spec.initContainers[0].image',
    ]);
  });
});

describe('other kinds', () => {
  function other(kind: string, containers: readonly object[]): KubeObject {
    return { kind, metadata: { name: 'x' }, spec: { replicas: 2, template: { spec: { containers } } } } as KubeObject;
  }

  test('a Deployment is asked for probes, a Job is not', async () => {
    const bare = { ...container, readinessProbe: undefined, livenessProbe: undefined };
    expect(await said(other('Deployment', [bare]))).toHaveLength(2);
    expect(await said(other('Job', [bare]))).toEqual([]);
  });

  test.each<[KubeObject]>([
    [{ kind: 'ConfigMap', metadata: { name: 'x' } }],
    [{ kind: 'Service', metadata: { name: 'x' }, spec: { template: 'none' } } as KubeObject],
  ])('%o has no pods', async (object) => {
    expect(await lintManifest(object)).toEqual([]);
  });
});

test.each<[string, boolean]>([
  ['nginx', true],
  ['nginx:latest', true],
  ['registry.example.org:5000/nginx', true],
  ['nginx:1.27', false],
  ['registry.example.org:5000/nginx:1.27', false],
  ['nginx@sha256:0123', false],
  ['nginx:latest@sha256:0123', false],
])('%s floats: %s', (image, floats) => {
  expect(isFloating(image)).toBe(floats);
});
