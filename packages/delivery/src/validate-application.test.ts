import { describe, expect, test } from 'vitest';
import type { ApplicationSpec } from './api/application.ts';
import { validateApplication } from './validate-application.ts';

function faults(more: object, name = 'shop'): readonly string[] {
  const spec: ApplicationSpec = {
    template: { spec: { containers: [{ name: 'web', image: 'a', ports: [{ name: 'http', containerPort: 80 }] }] } },
    service: { ports: [{ port: 80, targetPort: 'http' }] },
  };
  return validateApplication({ metadata: { name }, spec: { ...spec, ...more } }).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

describe('what is wrong with an Application', () => {
  test.each<[string, object, string]>([
    [
      'a label by which pods take traffic',
      {
        template: {
          metadata: { labels: { app: 'shop', 'slipway.dev/serves': 'true' } },
          spec: { containers: [{ name: 'web', image: 'a', ports: [{ name: 'http', containerPort: 80 }] }] },
        },
      },
      'spec.template.metadata.labels: slipway.dev/serves is what the controller tells pods apart by, which serve and which go: remove it',
    ],
    [
      'an annotation by which pods go',
      {
        template: {
          metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '1' } },
          spec: { containers: [{ name: 'web', image: 'a', ports: [{ name: 'http', containerPort: 80 }] }] },
        },
      },
      'spec.template.metadata.annotations: controller.kubernetes.io/pod-deletion-cost is what the controller tells pods apart by, which serve and which go: remove it',
    ],
    [
      'a health check that leaves the pod',
      { healthCheck: { path: '/../%2E%2e/secrets?a=/../b' } },
      'spec.healthCheck.path: "/../%2E%2e/secrets" must have no segment "." or "..": write the path that is meant',
    ],
    [
      'a check of nothing',
      { checks: [{ name: 'errors', provider: {}, successWhen: 'value < 1.0' }] },
      'spec.checks[0].provider: must have exactly one of prometheus, gateway and web, has none',
    ],
    [
      'a step that names no check',
      { strategy: { type: 'canary', canary: { steps: [{ check: 'errors' }] } } },
      'spec.strategy.canary.steps[0].check: there is no check named "errors" in spec.checks, there are: (none)',
    ],
    [
      'another strategy',
      { strategy: { type: 'magic' } },
      'spec.strategy.type: "magic" is not a strategy that can be used, expected one of: blueGreen, canary, rainbow, recreate, rolling',
    ],
    [
      'sessions without a route',
      { strategy: { type: 'rainbow' } },
      'spec.strategy.type: sessions are kept by the gateway of Slipway, and nothing comes by it: give a route through gateway in spec.route, or choose another strategy',
    ],
    [
      'sessions by no router',
      {
        strategy: { type: 'rainbow' },
        service: { ports: [{ port: 80 }] },
        route: { hosts: ['shop.localhost'], through: 'none' },
      },
      'spec.route.through: sessions are kept by the gateway of Slipway, and nothing comes by it: give a route through gateway in spec.route, or choose another strategy',
    ],
    [
      'a single version with sessions',
      {
        strategy: { type: 'rainbow', rainbow: { maxVersions: 1 } },
        service: { ports: [{ port: 80 }] },
        route: { hosts: ['shop.localhost'] },
      },
      'spec.strategy.rainbow.maxVersions: 1 must be a whole number from 2 to 16',
    ],
    [
      'a canary without steps',
      { strategy: { type: 'canary' } },
      'spec.strategy.canary.steps: at least one step is required, such as {setWeight: 20}',
    ],
    [
      'a step that is two',
      { strategy: { type: 'canary', canary: { steps: [{ setWeight: 10, pause: {} }] } } },
      'spec.strategy.canary.steps[0]: a step is exactly one of setWeight, pause, check, setReplicas, match and mirror, and this has 2 fields',
    ],
    [
      'pods that are no number',
      { strategy: { type: 'canary', canary: { steps: [{ pause: {} }, { setReplicas: 'many' }] } } },
      'spec.strategy.canary.steps[1].setReplicas: "many" must be a number of pods or a percentage such as "25%"',
    ],
    [
      'a weight that pods cannot give',
      { replicas: 3, strategy: { type: 'canary', canary: { steps: [{ setWeight: 10 }] } } },
      'spec.strategy.canary.steps[0].setWeight: without a route the share is one of pods, and the nearest to 10 % that 3 can give is 33 %: change the weight or replicas, or set spec.strategy.canary.approximate',
    ],
    [
      'parameters of another strategy',
      { strategy: { type: 'rolling', blueGreen: {} } },
      'spec.strategy.blueGreen: does not belong to the strategy rolling',
    ],
    [
      'nothing that may change',
      { strategy: { type: 'rolling', rolling: { maxSurge: 0, maxUnavailable: '0%' } } },
      'spec.strategy.rolling: maxSurge and maxUnavailable are both 0, so no pod could ever change',
    ],
    [
      'a preview without a route',
      { strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['next.shop'] } } },
      'spec.strategy.blueGreen.previewHosts: a preview is reached through a route: give one in spec.route',
    ],
    [
      'a preview under the host of everybody',
      { route: { hosts: ['shop'] }, strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['shop'] } } },
      'spec.strategy.blueGreen.previewHosts: shop is a host of spec.route too: a preview needs hosts of its own',
    ],
    [
      'a surge of nothing where none may be missing either',
      { strategy: { type: 'rolling', rolling: { maxSurge: 0 } } },
      'spec.strategy.rolling: maxSurge and maxUnavailable are both 0, so no pod could ever change',
    ],
    [
      'a health check at a port that no container names',
      { healthCheck: { port: 'admin' } },
      'spec.healthCheck.port: no container has a port named "admin", there are: http',
    ],
    [
      'a port that no container names',
      { service: { ports: [{ port: 80, targetPort: 'web' }] } },
      'spec.service.ports[0].targetPort: no container has a port named "web", there are: http',
    ],
  ])('%s', (_, more, said) => {
    expect(faults(more)).toContain(said);
  });

  test.each<[string, object]>([
    ['with a route', { route: { hosts: ['shop'] } }],
    ['of pods that are enough', { replicas: 10 }],
    ['of pods, approximately', { approximate: true }],
  ])('a canary of 10 %% is right %s', (_, { approximate, ...more }: { approximate?: boolean }) => {
    const canary = { steps: [{ setWeight: 10 }, { pause: { seconds: 5 } }], approximate };
    expect(faults({ replicas: 2, ...more, strategy: { type: 'canary', canary } })).toEqual([]);
  });

  test('is said all at once, and nothing of an Application in order', () => {
    expect(faults({})).toEqual([]);
    expect(faults({ hooks: { beforeRelease: [{ name: 'tell' }] }, replicas: -1 }, 'Shop')).toHaveLength(3);
  });
});
