/** Each field of an Application, wrong as it typically is, is refused on `kubectl apply`, and the answer names it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { applications, type Application } from '../api/application.ts';
import { installKinds } from '../install-kinds.ts';

const service = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
const container = { name: 'web', image: 'statics:v1', ports: [{ name: 'http', containerPort: 8080 }] };
const template = { spec: { containers: [container] } };
const route = { hosts: ['shop.example.org'] };
const web = { url: 'https://metrics.test/', jsonPath: '$.rate' };
const check = { name: 'errors', provider: { web }, successWhen: 'value < 0.1' };
const approval = { name: 'sign-off', approval: {} };

const canary = (step: object, more: object = {}): object => ({
  service,
  route,
  strategy: { type: 'canary', canary: { steps: [step], ...more } },
});
const rolling = (more: object): object => ({ strategy: { type: 'rolling', rolling: more } });
const blueGreen = (more: object): object => ({ service, route, strategy: { type: 'blueGreen', blueGreen: more } });
const rainbow = (more: object): object => ({ service, route, strategy: { type: 'rainbow', rainbow: more } });
const port = (more: object): object => ({ service: { ports: [{ port: 80, ...more }] } });
const routed = (more: object): object => ({ service, route: { ...route, ...more } });
const checked = (more: object): object => ({ checks: [{ ...check, ...more }] });
const hooked = (more: object): object => ({ hooks: { beforeRelease: [{ ...approval, ...more }] } });

/** What is wrong, and words of the answer: the field where a schema refuses it, the sentence where a rule does. */
const rows: ReadonlyArray<readonly [name: string, spec: object, said: string]> = [
  ['an empty version', { version: '' }, 'spec.version'],
  ['a version of two words', { version: 'a b' }, 'spec.version'],
  ['a version that is a number', { version: 1.4 }, 'spec.version'],
  ['a version that is too long', { version: 'x'.repeat(64) }, 'spec.version'],
  ['fewer than no replicas', { replicas: -1 }, 'spec.replicas'],
  ['half a replica', { replicas: 1.5 }, 'spec.replicas'],
  ['replicas in words', { replicas: 'three' }, 'spec.replicas'],
  ['nothing to run', { template: undefined }, 'exactly one of template and workloadRef'],
  [
    'two things to run',
    { workloadRef: { kind: 'Deployment', name: 'shop' } },
    'exactly one of template and workloadRef',
  ],
  [
    'another kind to adopt',
    { template: undefined, workloadRef: { kind: 'StatefulSet', name: 'shop' } },
    'spec.workloadRef.kind',
  ],
  [
    'a Deployment that cannot be',
    { template: undefined, workloadRef: { kind: 'Deployment', name: 'A_b' } },
    'spec.workloadRef.name',
  ],
  ['pods without containers', { template: { spec: { containers: [] } } }, 'needs at least one container'],
  ['pods without a spec', { template: {} }, 'needs at least one container'],
  [
    'two containers of one name',
    { template: { spec: { containers: [container, container] } } },
    'spec.template.spec.containers[1]',
  ],
  [
    'pods that end',
    { template: { spec: { ...template.spec, restartPolicy: 'Never' } } },
    'restartPolicy must be Always',
  ],
  ['a field that there is none of', { replica: 3 }, 'unknown field "spec.replica"'],
  [
    'a selector of its own',
    { service: { ...service, selector: { app: 'shop' } } },
    'unknown field "spec.service.selector"',
  ],
  ['a Service without ports', { service: {} }, 'spec.service.ports'],
  ['a Service with no port', { service: { ports: [] } }, 'spec.service.ports'],
  ['a Service that is somewhere else', { service: { ...service, type: 'ExternalName' } }, 'spec.service.type'],
  [
    'an affinity that there is none of',
    { service: { ...service, sessionAffinity: 'Always' } },
    'spec.service.sessionAffinity',
  ],
  ['port 0', port({ port: 0 }), 'spec.service.ports[0].port'],
  ['port 70000', port({ port: 70_000 }), 'spec.service.ports[0].port'],
  ['a protocol that there is none of', port({ protocol: 'HTTP' }), 'spec.service.ports[0].protocol'],
  ['a target port 0', port({ targetPort: 0 }), 'must be a port from 1 to 65535'],
  ['a target port that is no name', port({ targetPort: 'Web Port' }), 'must be a port from 1 to 65535'],
  ['a name of a port that is none', port({ name: 'Web_Port' }), 'spec.service.ports[0].name'],
  ['two ports without names', { service: { ports: [{ port: 80 }, { port: 81 }] } }, 'several ports need a name each'],
  [
    'two ports of one name',
    {
      service: {
        ports: [
          { name: 'a', port: 80 },
          { name: 'a', port: 81 },
        ],
      },
    },
    'two ports have one name',
  ],
  ['a route without a Service', { route }, 'a route needs a Service with a port'],
  ['a host with a scheme', routed({ hosts: ['https://shop.example.org'] }), 'must be the name of a host'],
  ['a host without a name', routed({ hosts: [''] }), 'must be the name of a host'],
  ['a host that is too long', routed({ hosts: [`${'a'.repeat(250)}.org`] }), 'spec.route.hosts[0]'],
  ['a host twice', routed({ hosts: ['a', 'a'] }), 'spec.route.hosts[1]'],
  ['a path without a beginning', routed({ paths: ['shop'] }), 'spec.route.paths[0]'],
  ['a path with a query', routed({ paths: ['/shop?a=b'] }), 'spec.route.paths[0]'],
  ['a path with a space', routed({ paths: ['/my shop'] }), 'spec.route.paths[0]'],
  ['a path twice', routed({ paths: ['/', '/'] }), 'spec.route.paths[1]'],
  ['a redirect that is no yes or no', routed({ redirectWww: 'yes' }), 'spec.route.redirectWww'],
  ['compression that is no yes or no', routed({ compression: 1 }), 'spec.route.compression'],
  ['a header that is no text', routed({ responseHeaders: { 'X-A': 1 } }), 'spec.route.responseHeaders'],
  ['a certificate without a name', routed({ tls: {} }), 'spec.route.tls.secretName'],
  ['a certificate of no name that can be', routed({ tls: { secretName: 'A_b' } }), 'spec.route.tls.secretName'],
  ['a router that there is none of', routed({ through: 'nginx' }), 'spec.route.through'],
  ['Gateways for our own gateway', routed({ parentRefs: [{ name: 'public' }] }), 'belong to routers of other projects'],
  ['a time that our own gateway needs not', routed({ propagationSeconds: 5 }), 'belong to routers of other projects'],
  [
    'less than no time for a router',
    routed({ through: 'istio', propagationSeconds: -1 }),
    'spec.route.propagationSeconds',
  ],
  ['a health check of no path', { healthCheck: { path: 'health' } }, 'spec.healthCheck.path'],
  ['a health check of a path with a space', { healthCheck: { path: '/a b' } }, 'spec.healthCheck.path'],
  ['a health check of port 0', { healthCheck: { port: 0 } }, 'must be a port from 1 to 65535'],
  ['a health check of a kind that there is none of', { healthCheck: { type: 'tcp' } }, 'spec.healthCheck.type'],
  ['a health check in no time', { healthCheck: { timeoutSeconds: 0 } }, 'spec.healthCheck.timeoutSeconds'],
  ['a health check that is ignored in words', { healthCheck: { ignore: 'no' } }, 'spec.healthCheck.ignore'],
  ['variables from nowhere', { environmentFrom: [{}] }, 'exactly one of configMapRef and secretRef'],
  [
    'variables from two places',
    { environmentFrom: [{ configMapRef: { name: 'a' }, secretRef: { name: 'b' } }] },
    'exactly one of configMapRef and secretRef',
  ],
  [
    'variables from no name that can be',
    { environmentFrom: [{ secretRef: { name: 'A_b' } }] },
    'spec.environmentFrom[0].secretRef.name',
  ],
  [
    'variables under no name that can be',
    { environmentFrom: [{ prefix: '1=', configMapRef: { name: 'a' } }] },
    'spec.environmentFrom[0].prefix',
  ],
  ['live configuration without a name', { configuration: { live: [''] } }, 'spec.configuration.live[0]'],
  ['live configuration twice', { configuration: { live: ['a', 'a'] } }, 'spec.configuration.live[1]'],
  ['a strategy without a type', { strategy: {} }, 'spec.strategy.type'],
  ['a strategy that there is none of', { strategy: { type: 'magic' } }, 'spec.strategy.type'],
  [
    'parameters of another strategy',
    { strategy: { type: 'rolling', recreate: {} } },
    'recreate has parameters of the strategy recreate',
  ],
  ['a surge below zero', rolling({ maxSurge: -1 }), 'must be a number of pods or a percentage'],
  ['a surge in words', rolling({ maxSurge: 'many' }), 'must be a number of pods or a percentage'],
  ['more missing than there are', rolling({ maxUnavailable: '101%' }), 'a percentage of at most "100%"'],
  ['no surge where none may be missing', rolling({ maxSurge: 0 }), 'no pod could ever change'],
  ['no surge and none missing', rolling({ maxSurge: '0%', maxUnavailable: 0 }), 'no pod could ever change'],
  [
    'a hold below zero',
    { strategy: { type: 'recreate', recreate: { holdSeconds: -1 } } },
    'spec.strategy.recreate.holdSeconds',
  ],
  [
    'a hold where nothing comes by the gateway',
    { strategy: { type: 'recreate', recreate: { holdSeconds: 5 } } },
    'requests wait at the gateway',
  ],
  ['promotion in words', blueGreen({ autoPromote: 'no' }), 'spec.strategy.blueGreen.autoPromote'],
  ['promotion before it can be', blueGreen({ promoteAfterSeconds: -1 }), 'spec.strategy.blueGreen.promoteAfterSeconds'],
  ['a preview of no pods', blueGreen({ previewReplicas: 0 }), 'spec.strategy.blueGreen.previewReplicas'],
  ['a preview host with a port', blueGreen({ previewHosts: ['next.example.org:80'] }), 'must be the name of a host'],
  ['a preview on a host of the route', blueGreen({ previewHosts: route.hosts }), 'a preview needs hosts of its own'],
  [
    'a preview without a route',
    { strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['a'] } } },
    'are reached through a route',
  ],
  ['a canary without parameters', { strategy: { type: 'canary' } }, 'a canary needs steps'],
  ['a canary without steps', { strategy: { type: 'canary', canary: { steps: [] } } }, 'spec.strategy.canary.steps'],
  ['a step that is nothing', canary({}), 'spec.strategy.canary.steps[0]'],
  ['a step that is two', canary({ setWeight: 10, pause: {} }), 'spec.strategy.canary.steps[0]'],
  ['more than all traffic', canary({ setWeight: 101 }), 'spec.strategy.canary.steps[0].setWeight'],
  ['less than no traffic', canary({ setWeight: -1 }), 'spec.strategy.canary.steps[0].setWeight'],
  ['a pause before it begins', canary({ pause: { seconds: -5 } }), 'spec.strategy.canary.steps[0].pause.seconds'],
  ['a pause with a unit', canary({ pause: { seconds: '10s' } }), 'spec.strategy.canary.steps[0].pause.seconds'],
  ['less than no pods', canary({ setReplicas: -1 }), 'must be a number of pods or a percentage'],
  ['pods in words', canary({ setReplicas: 'many' }), 'must be a number of pods or a percentage'],
  ['a step of a check that there is none of', canary({ check: 'none' }), 'names a check that spec.checks has not'],
  [
    'a match of no header',
    canary({ match: { headers: [{ name: '' }] } }),
    'spec.strategy.canary.steps[0].match.headers[0].name',
  ],
  [
    'a match where nothing can tell',
    { strategy: { type: 'canary', canary: { steps: [{ match: {} }] } } },
    'need the gateway to tell requests apart',
  ],
  ['copies of more than all', canary({ mirror: { percent: 101 } }), 'spec.strategy.canary.steps[0].mirror.percent'],
  ['copies of nobody knows how many', canary({ mirror: {} }), 'spec.strategy.canary.steps[0].mirror.percent'],
  [
    'users who are kept for less than no time',
    canary({ setWeight: 10 }, { stickySeconds: -1 }),
    'spec.strategy.canary.stickySeconds',
  ],
  [
    'users whom nobody knows again',
    { strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }], stickySeconds: 9 } } },
    'to know users again',
  ],
  ['sessions of no version', rainbow({ maxVersions: 1 }), 'spec.strategy.rainbow.maxVersions'],
  ['sessions of too many versions', rainbow({ maxVersions: 17 }), 'spec.strategy.rainbow.maxVersions'],
  ['sessions that are over at once', rainbow({ idleSeconds: 0 }), 'spec.strategy.rainbow.idleSeconds'],
  ['sessions with a unit', rainbow({ idleSeconds: '30m' }), 'spec.strategy.rainbow.idleSeconds'],
  ['versions that are too old at once', rainbow({ maxAgeSeconds: 0 }), 'spec.strategy.rainbow.maxAgeSeconds'],
  ['versions that are never too old', rainbow({ maxAgeSeconds: 40_000_000 }), 'spec.strategy.rainbow.maxAgeSeconds'],
  [
    'a field of sessions that there is none of',
    rainbow({ cookie: 'id' }),
    'unknown field "spec.strategy.rainbow.cookie"',
  ],
  ['sessions that nobody keeps', { strategy: { type: 'rainbow' } }, 'keeps sessions by the gateway of Slipway'],
  [
    'sessions that another router keeps',
    { ...rainbow({}), route: { ...route, through: 'istio' } },
    'keeps sessions by the gateway of Slipway',
  ],
  ['an order in words', { dependsOn: 'database' }, 'spec.dependsOn'],
  ['an order with one twice', { dependsOn: ['database', 'database'] }, 'spec.dependsOn[1]'],
  ['a check without a name', checked({ name: '' }), 'spec.checks[0].name'],
  ['two checks of one name', { checks: [check, check] }, 'spec.checks[1]'],
  ['a check of nothing', checked({ provider: {} }), 'spec.checks[0].provider'],
  ['a check of two', checked({ provider: { web, gateway: { metric: 'rate' } } }), 'spec.checks[0].provider'],
  ['a check without a measure', checked({ successWhen: undefined }), 'spec.checks[0].successWhen'],
  ['a check whenever', checked({ interval: 'soon' }), 'spec.checks[0].interval'],
  ['a check that counts none', checked({ count: 0 }), 'spec.checks[0].count'],
  ['fewer failures than none', checked({ failureLimit: -1 }), 'spec.checks[0].failureLimit'],
  ['fewer errors than none', checked({ errorLimit: -1 }), 'spec.checks[0].errorLimit'],
  ['fewer samples than none', checked({ minSamples: -1 }), 'spec.checks[0].minSamples'],
  ['another way without data', checked({ onNoData: 'guess' }), 'spec.checks[0].onNoData'],
  ['a check at another time', checked({ when: ['always'] }), 'spec.checks[0].when[0]'],
  ['a check at no time', checked({ when: [] }), 'spec.checks[0].when'],
  [
    'a check of no address',
    checked({ provider: { web: { ...web, url: 'metrics' } } }),
    'spec.checks[0].provider.web.url',
  ],
  [
    'a check of no query',
    checked({ provider: { prometheus: { address: 'http://p:9090', query: '' } } }),
    'spec.checks[0].provider.prometheus.query',
  ],
  [
    'a check of another count',
    checked({ provider: { gateway: { metric: 'luck' } } }),
    'spec.checks[0].provider.gateway.metric',
  ],
  ['a hook without a name', hooked({ name: '' }), 'spec.hooks.beforeRelease[0].name'],
  ['a hook of nothing', { hooks: { beforeRelease: [{ name: 'a' }] } }, 'exactly one of job, webhook and approval'],
  ['a hook of two', hooked({ webhook: { url: 'https://hooks.test/' } }), 'exactly one of job, webhook and approval'],
  [
    'a hook of no address',
    { hooks: { onRollback: [{ name: 'a', webhook: { url: 'hooks' } }] } },
    'spec.hooks.onRollback[0].webhook.url',
  ],
  ['a hook in no time', hooked({ timeoutSeconds: 0 }), 'spec.hooks.beforeRelease[0].timeoutSeconds'],
  ['a hook tried less than never', hooked({ retries: -1 }), 'spec.hooks.beforeRelease[0].retries'],
  ['a hook that fails in another way', hooked({ onFailure: 'panic' }), 'spec.hooks.beforeRelease[0].onFailure'],
  ['a hook at another time', { hooks: { sometime: [] } }, 'unknown field "spec.hooks.sometime"'],
  ['a guard below zero', { guardSeconds: -1 }, 'spec.guardSeconds'],
  ['a guard with a unit', { guardSeconds: '5m' }, 'spec.guardSeconds'],
  ['a guard of more than a year', { guardSeconds: 40_000_000 }, 'spec.guardSeconds'],
  ['no time for progress', { progressDeadlineSeconds: 0 }, 'spec.progressDeadlineSeconds'],
  ['a drain below zero', { drainSeconds: -1 }, 'spec.drainSeconds'],
  ['failed pods kept below zero', { keepFailedSeconds: -1 }, 'spec.keepFailedSeconds'],
  ['a history of nothing', { history: { limit: 0 } }, 'spec.history.limit'],
  ['a history of everything', { history: { limit: 101 } }, 'spec.history.limit'],
  ['a window below zero', { history: { rollbackWindowSeconds: -1 } }, 'spec.history.rollbackWindowSeconds'],
  ['pods kept running below zero', { history: { keepRunningSeconds: -1 } }, 'spec.history.keepRunningSeconds'],
  ['another way to be deleted', { deletionPolicy: 'Keep' }, 'spec.deletionPolicy'],
  ['a pause in words', { paused: 'true' }, 'spec.paused'],
  ['an Application that waits for itself', { dependsOn: ['shop'] }, 'cannot wait for itself'],
  ['an Application that waits for no name that can be', { dependsOn: ['A_b'] }, 'spec.dependsOn[0]'],
];

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
  await installKinds(cluster.client, new AbortController().signal);
});
afterAll(() => cluster.close());

async function answer(spec: object, name = 'shop'): Promise<string> {
  const base = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: { name, namespace: 'default' } };
  const application: Application = { ...base, spec: { template, ...spec } };
  const options = { dryRun: true, fieldValidation: 'Strict' } as const;
  return cluster.client.create(applications, application, options).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  );
}

describe('an Application', () => {
  test.each(rows)('with %s is refused', async (_, spec, said) => {
    expect(await answer(spec)).toContain(said);
  });

  test('with everything that the rows are about is accepted where it is right', async () => {
    const right = {
      version: '1.4.0-rc.1+build/7',
      replicas: 0,
      service: {
        type: 'NodePort',
        ports: [
          { name: 'http', port: 80, targetPort: 'http' },
          { name: 'dns', port: 80, protocol: 'UDP' },
        ],
      },
      route: {
        ...route,
        paths: ['/', '/shop'],
        tls: { secretName: 'shop-tls' },
        responseHeaders: { 'X-Frame-Options': 'DENY' },
      },
      healthCheck: { path: '/health?deep=1', port: 'http', type: 'probe' },
      environmentFrom: [{ prefix: 'SHOP_', secretRef: { name: 'platform.keys', optional: true } }],
      checks: [check],
      hooks: { beforePromotion: [approval] },
      strategy: {
        type: 'canary',
        canary: { steps: [{ setReplicas: '25%' }, { match: {} }, { check: 'errors' }], stickySeconds: 60 },
      },
      dependsOn: ['database'],
    };
    expect(await answer(right)).toBe('accepted');
    expect(await answer(rolling({ maxSurge: 0, maxUnavailable: '25%' }))).toBe('accepted');
    expect(await answer(rolling({ maxSurge: '200%' }))).toBe('accepted');
  });

  test('is told of all that its schema has against it at once', async () => {
    const said = await answer({
      replicas: -1,
      guardSeconds: -1,
      version: '',
      service: { ports: [{ port: 0 }] },
      history: { limit: 0 },
      paused: 'no',
      template: { spec: { containers: [{ name: 7, image: 'web' }] } },
      progressDeadlineSeconds: 1.5,
      route: [],
      strategy: { type: 'rolling', rolling: { maxSurge: true } },
    });
    for (const field of [
      'spec.paused in body must be of type boolean: "string"',
      'spec.template.spec.containers[0].name in body must be of type string: "integer"',
      'spec.progressDeadlineSeconds in body must be of type integer: "number"',
      'spec.route in body must be of type object: "array"',
      'spec.strategy.rolling.maxSurge in body must be of type integer,string: "boolean"',
      'spec.replicas',
      'spec.guardSeconds',
      'spec.version',
      'spec.service.ports[0].port',
      'spec.history.limit',
    ])
      expect(said).toContain(field);
  });

  test('is told so of a change too, and of a spec that is none', async () => {
    const key = { name: 'kept', namespace: 'default' };
    await cluster.client.create(applications, { metadata: key, spec: { template } });
    const body = { spec: { replicas: 'three', paused: 'no', service: { ports: 80 } } };
    const said = await cluster.client.patch(applications, key, { type: 'merge', body }).then(() => 'accepted', String);
    for (const field of ['spec.replicas', 'spec.paused', 'spec.service.ports'])
      expect(said).toContain(`${field} in body must be of type`);
    const none = { type: 'merge', body: { spec: 5 } } as const;
    await expect(cluster.client.patch(applications, key, none)).rejects.toThrow('spec in body must be of type object');
  });

  test('is told of all that the rules have against it at once', async () => {
    const said = await answer(
      { ...rolling({ maxSurge: 0 }), route, environmentFrom: [{}], template: { spec: { containers: [] } } },
      'Shop.1',
    );
    for (const sentence of [
      'no pod could ever change',
      'a route needs a Service',
      'exactly one of configMapRef',
      'at least one container',
    ])
      expect(said).toContain(sentence);
  });
});
