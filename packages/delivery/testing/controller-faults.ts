/** What no schema and no rule of an API server can see in an Application, and where the controller says so. */
import type { ApplicationSpec } from '../src/api/application.ts';
import type { Check } from '../src/api/check.ts';
import type { DeliveryConditionType } from '../src/api/condition.ts';
import type { HookJob } from '../src/api/hook.ts';

export interface ControllerFault {
  readonly name: string;
  readonly spec: Partial<ApplicationSpec>;
  readonly condition: { readonly type: DeliveryConditionType; readonly status: 'True' | 'False' };
  /** Words of its message. */
  readonly said: string;
}

const container = { name: 'web', image: 'statics:v1', ports: [{ name: 'http', containerPort: 8080 }] };
const template = { spec: { containers: [container] } };
const service = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
const route = { hosts: ['faults.example.org'] };
const web = { url: 'https://metrics.test/', jsonPath: '$.rate' };
const check: Check = { name: 'errors', provider: { web }, successWhen: 'value < 0.1' };

const invalid = { type: 'Valid', status: 'False' } as const;
const unsynced = { type: 'Synced', status: 'False' } as const;

function row(name: string, spec: Partial<ApplicationSpec>, said: string): ControllerFault {
  return { name, spec: { template, ...spec }, condition: invalid, said };
}

const checked = (more: Partial<Check>): Partial<ApplicationSpec> => ({ checks: [{ ...check, ...more }] });
const job = (template: HookJob['template']): Partial<ApplicationSpec> => ({
  hooks: { beforePromotion: [{ name: 'migrate', job: { template } }] },
});

export const controllerFaults: readonly ControllerFault[] = [
  row(
    'a target port that no container has',
    { service: { ports: [{ port: 80, targetPort: 'web' }] } },
    'spec.service.ports[0].targetPort: no container has a port named "web", there are: http',
  ),
  row(
    'a health check of a port that no container has',
    { healthCheck: { port: 'web' } },
    'spec.healthCheck.port: no container has a port named "web"',
  ),
  row(
    'a share that pods cannot give',
    { replicas: 3, service, strategy: { type: 'canary', canary: { steps: [{ setWeight: 10 }] } } },
    'spec.strategy.canary.steps[0].setWeight: without a route the share is one of pods, and the nearest to 10 % that 3 can give is 33 %',
  ),
  row(
    'a check that could never fail',
    checked({ count: 2, failureLimit: 2 }),
    'spec.checks[0].failureLimit: 2 must be less than count (2)',
  ),
  row('a check at most once in two days', checked({ interval: '48h' }), 'spec.checks[0].interval'),
  row(
    'a placeholder that there is none of',
    checked({ provider: { web: { ...web, url: 'https://metrics.test/{{image}}' } } }),
    'spec.checks[0].provider.web.url: {{image}} is not a placeholder',
  ),
  row(
    'a path to no value',
    checked({ provider: { web: { ...web, jsonPath: 'rate' } } }),
    'spec.checks[0].provider.web.jsonPath',
  ),
  row(
    'credentials without TLS',
    checked({ provider: { web: { ...web, url: 'http://metrics.test/', secretRef: { name: 'access' } } } }),
    'spec.checks[0].provider.web.secretRef: credentials are sent by https only',
  ),
  row(
    'a comparison of one with itself',
    checked({ baseline: true }),
    'spec.checks[0].provider.web.url: must name {{version}} or {{service}}',
  ),
  row(
    'a count of what does not come by the gateway',
    checked({ provider: { gateway: { metric: 'errors' } } }),
    'spec.checks[0].provider.gateway: the gateway counts what comes through it',
  ),
  row(
    'an expression that cannot be read',
    checked({ successWhen: 'value <' }),
    'spec.checks[0].successWhen: "value <"',
  ),
  row(
    'an expression of something else',
    checked({ successWhen: 'value + 1.0' }),
    'spec.checks[0].successWhen: "value + 1.0": comes to double, expected bool',
  ),
  row(
    'an expression beside what else is wrong',
    checked({ successWhen: 'rate < 0.1', interval: '48h' }),
    "spec.checks[0].successWhen: \"rate < 0.1\": 1:1: undeclared reference to 'rate' (in container '') (it may name value, samples)",
  ),
  row(
    'an expression beside configuration that there is none of',
    { ...checked({ successWhen: 'rate < 0.1' }), environmentFrom: [{ configMapRef: { name: 'nowhere' } }] },
    'spec.checks[0].successWhen',
  ),
  row(
    'a Job without a word of containers',
    job({ spec: {} } as HookJob['template']),
    'spec.hooks.beforePromotion[0].job.template',
  ),
  row('a Job of no container', job({ spec: { containers: [] } }), 'spec.hooks.beforePromotion[0].job.template.spec'),
  row(
    'a Job that never ends',
    job({ spec: { restartPolicy: 'Always', containers: [container] } }),
    'spec.hooks.beforePromotion[0].job.template.spec.restartPolicy: "Always" must be Never or OnFailure',
  ),
  row(
    'a Job that the API server would refuse',
    job({ spec: { containers: [{ name: 'A_b', image: 'a' }] } }),
    'containers[0].name',
  ),
  row(
    'two hooks of one name at two times',
    {
      hooks: {
        beforeRelease: [{ name: 'tell', webhook: { url: 'https://hooks.test/' } }],
        afterPromotion: [{ name: 'tell', webhook: { url: 'https://hooks.test/' } }],
      },
    },
    'spec.hooks.afterPromotion[0].name: "tell" is the name of spec.hooks.beforeRelease[0] too',
  ),
  row(
    'a header that frames a message',
    { service, route: { ...route, responseHeaders: { 'Content-Length': '1' } } },
    'spec.route.responseHeaders["Content-Length"]: frames a message',
  ),
  row(
    'users that another router cannot keep',
    {
      service,
      route: { ...route, through: 'istio' },
      strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }], stickySeconds: 60 } },
    },
    'spec.strategy.canary.stickySeconds: cannot be had through istio',
  ),
  row(
    'a router without a Gateway',
    { service, route: { ...route, through: 'gatewayApi' } },
    'spec.route.parentRefs: gatewayApi needs at least one Gateway',
  ),
  row(
    'a volume that there is none of',
    { template: { spec: { containers: [{ ...container, volumeMounts: [{ name: 'nowhere', mountPath: '/data' }] }] } } },
    'volumeMounts[0].name',
  ),
  {
    name: 'a Deployment that was not adopted',
    spec: { workloadRef: { kind: 'Deployment', name: 'nowhere' } },
    condition: invalid,
    said: 'spec.workloadRef: the Deployment "nowhere" is not adopted',
  },
  {
    name: 'configuration that there is none of',
    spec: { template, environmentFrom: [{ configMapRef: { name: 'nowhere' } }] },
    condition: unsynced,
    said: 'the pod template refers to what does not exist: ConfigMap/nowhere',
  },
  {
    name: 'a hook that signs by a Secret that there is none of',
    spec: {
      template,
      hooks: {
        beforePromotion: [{ name: 'tell', webhook: { url: 'https://hooks.test/', secretRef: { name: 'nowhere' } } }],
      },
    },
    condition: unsynced,
    said: 'hook tell needs Secret/nowhere, which does not exist: create it',
  },
  {
    name: 'a Job that is given a Secret that there is none of',
    spec: {
      template,
      ...job({ spec: { containers: [{ ...container, envFrom: [{ secretRef: { name: 'nowhere' } }] }] } }),
    },
    condition: unsynced,
    said: 'hook migrate needs Secret/nowhere, which does not exist: create it',
  },
  {
    name: 'a check that asks with a Secret that there is none of',
    spec: { template, ...checked({ provider: { web: { ...web, secretRef: { name: 'nowhere' } } } }) },
    condition: unsynced,
    said: 'check errors needs Secret/nowhere, which does not exist: create it',
  },
  row(
    'a volume that there is none of beside configuration that there is none of',
    {
      template: { spec: { containers: [{ ...container, volumeMounts: [{ name: 'nowhere', mountPath: '/data' }] }] } },
      environmentFrom: [{ configMapRef: { name: 'nowhere' } }],
    },
    'volumeMounts[0].name',
  ),
  {
    name: 'no pods at all',
    spec: { template, replicas: 0 },
    condition: { type: 'ScaledToZero', status: 'True' },
    said: 'spec.replicas is 0: nothing runs, and no release starts',
  },
];
