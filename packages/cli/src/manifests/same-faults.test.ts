/** Whoever judges a manifest says the same of it: the linter, the command line, the server's dry run, and the controller. */
import { applications, type Application } from '@slipway/delivery/api/application';
import { withFurther, type ApplicationFault } from '@slipway/delivery/api/application-fault';
import { tryObjects } from '@slipway/delivery/api/try-objects';
import { findCondition } from '@slipway/kube/conditions';
import { StatusError } from '@slipway/kube/status-error';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../server/testing/test-server.ts';
import { lintManifest } from '../lint/lint-manifest.ts';
import { judgeApplication } from './application-faults.ts';

const container = { name: 'web', image: 'shop:1', ports: [{ name: 'http', containerPort: 8080 }] };
const template = { spec: { containers: [container] } };
const web = { url: 'https://metrics.test/', jsonPath: '$.rate' };
const service = (port: object): object => ({ template, service: { ports: [{ port: 80, ...port }] } });
const pods = (more: object, spec: object = {}): object => ({
  template: { spec: { ...spec, containers: [{ ...container, ...more }] } },
});
const job = (more: object): object => ({
  beforePromotion: [{ name: 'migrate', job: { template: { spec: { containers: [{ ...container, ...more }] } } } }],
});
const ofPod = 'spec.template.spec.containers[0]';
const ofJob = 'spec.hooks.beforePromotion[0].job.template.spec.containers[0]';

interface Row {
  readonly name: string;
  readonly spec: object;
  /** Known without any cluster. */
  readonly known?: readonly string[];
  /** What an API server alone knows. */
  readonly tried?: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'nothing wrong', spec: { template } },
  { name: 'replicas below none', spec: { template, replicas: -1 }, known: ['spec.replicas'] },
  { name: 'replicas in words', spec: { template, replicas: 'three' }, known: ['spec.replicas'] },
  {
    name: 'a Service on port 0',
    spec: service({ port: 0 }),
    known: ['spec.service.ports[0].port'],
    // Which is the port itself unless it is said.
    tried: ['spec.service.ports[0].targetPort'],
  },
  {
    name: 'a port of the Service that no container has',
    spec: service({ targetPort: 'web' }),
    known: ['spec.service.ports[0].targetPort'],
  },
  {
    name: 'a check that cannot be read',
    spec: { template, checks: [{ name: 'errors', provider: { web }, successWhen: 'value <' }] },
    known: ['spec.checks[0].successWhen'],
  },
  { name: 'a container without an image', spec: pods({ image: '' }), known: [`${ofPod}.image`] },
  {
    name: 'pods that end',
    spec: pods({}, { restartPolicy: 'Never' }),
    known: ['spec.template.spec.restartPolicy'],
  },
  {
    name: 'a port of a container that cannot be',
    spec: pods({ ports: [{ containerPort: 808_080 }] }),
    tried: [`${ofPod}.ports[0].containerPort`],
  },
  {
    name: 'an amount that is none',
    spec: pods({ resources: { limits: { memory: 'much' } } }),
    tried: [`${ofPod}.resources.limits.memory`],
  },
  {
    name: 'a mount of no volume',
    spec: pods({ volumeMounts: [{ name: 'nowhere', mountPath: '/data' }] }),
    tried: [`${ofPod}.volumeMounts[0].name`],
  },
  {
    name: 'a Job with a container of a bad name',
    spec: { template, hooks: job({ name: 'A_b' }) },
    tried: [`${ofJob}.name`],
  },
  {
    name: 'a Job that never ends',
    spec: {
      template,
      hooks: {
        beforePromotion: [
          { name: 'migrate', job: { template: { spec: { restartPolicy: 'Always', containers: [container] } } } },
        ],
      },
    },
    known: ['spec.hooks.beforePromotion[0].job.template.spec.restartPolicy'],
  },
  {
    name: 'faults of pods, of a Job and of the spec',
    spec: {
      ...pods({ ports: [{ containerPort: 808_080 }] }),
      replicas: -1,
      hooks: job({ env: [{ name: 'a=b', value: 'c' }] }),
    },
    known: ['spec.replicas'],
    tried: [`${ofJob}.env[0].name`, `${ofPod}.ports[0].containerPort`],
  },
  {
    name: 'something missing beside faults of pods',
    spec: { ...pods({ ports: [{ containerPort: 808_080 }] }), checks: [{ name: 'errors', provider: { web } }] },
    known: ['spec.checks[0].successWhen'],
    tried: [`${ofPod}.ports[0].containerPort`],
  },
];

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const fieldsOf = (faults: readonly ApplicationFault[]): readonly string[] =>
  faults.map(({ field }) => field).toSorted();

async function ofLint(application: Application): Promise<readonly string[]> {
  return fieldsOf((await lintManifest(application)).filter(({ severity }) => severity === 'error'));
}

async function ofDeploy(application: Application): Promise<readonly string[]> {
  const { faults, misleading } = await judgeApplication(application);
  const tried = await tryObjects(server.cluster.client, application, misleading);
  return fieldsOf(withFurther(faults, tried.faults));
}

async function ofServer({ metadata: { name }, spec }: Application): Promise<readonly ApplicationFault[]> {
  const path = '/api/v1/namespaces/default/applications?dryRun=true';
  const { status, body } = await server.call('POST', path, { body: { name, spec } });
  expect(status).toBe((body.errors ?? []).length === 0 ? 200 : 422);
  return body.errors ?? [];
}

interface Said {
  /** Whether the write was refused, which tells of what the schema knows alone. */
  readonly isRefused: boolean;
  readonly words: string;
}

/** Of the write, or of the condition that follows. */
async function ofController(application: Application): Promise<Said> {
  const { client } = server.cluster;
  try {
    await client.create(applications, application, { fieldValidation: 'Strict' });
  } catch (error) {
    if (error instanceof StatusError) return { isRefused: true, words: error.message };
    throw error;
  }
  await server.cluster.advance(5_000);
  const { name = '' } = application.metadata;
  const { status } = await client.get(applications, { namespace: 'default', name });
  const condition = findCondition(status?.conditions, 'Valid');
  return { isRefused: false, words: condition?.status === 'False' ? (condition.message ?? '') : '' };
}

test.each(rows.map((row, index) => ({ ...row, called: `manifest-${index}` })))(
  '$name',
  async ({ called, spec, known = [], tried = [] }) => {
    const application = {
      apiVersion: 'slipway.dev/v1alpha1',
      kind: 'Application',
      metadata: { name: called, namespace: 'default' },
      spec,
    } as Application;
    const all = [...known, ...tried].toSorted();
    const told = await ofServer(application);
    expect.soft(fieldsOf(told), 'the dry run of the server').toEqual(all);
    expect.soft(await ofDeploy(application), 'the command line').toEqual(all);
    expect.soft(await ofLint(application), 'the linter').toEqual(known.toSorted());
    const { isRefused, words } = await ofController(application);
    expect.soft(words === '', 'the controller').toBe(all.length === 0);
    // It names fields of templates as the object has them that is made of one.
    for (const field of isRefused ? [] : all) expect.soft(words).toContain(field.replace(/^.*\.template\./, ''));
  },
);
