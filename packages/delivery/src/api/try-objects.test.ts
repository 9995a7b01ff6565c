import type { Application, ApplicationSpec } from './application.ts';
import { applicationService } from '../serving-objects.ts';
import type { EnvVar } from '@slipway/kube/api.generated';
import { services } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { tryObjects } from './try-objects.ts';

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
});
afterEach(() => cluster.close());

function application(container: object, more: Partial<ApplicationSpec> = {}): Application {
  return {
    metadata: { name: 'shop', namespace: 'default', uid: 'ours' },
    spec: { template: { spec: { containers: [{ name: 'web', image: 'shop:1', ...container }] } }, ...more },
  };
}

function hooked(container: { readonly name: string; readonly env?: readonly EnvVar[] }): Application {
  const template = { spec: { containers: [{ image: 'migrate:1', ...container }] } };
  return application(
    {},
    {
      hooks: {
        beforePromotion: [
          { name: 'agree', approval: {} },
          { name: 'migrate', job: { template } },
        ],
      },
    },
  );
}

async function faultsOf(asked: Application): Promise<readonly string[]> {
  return (await tryObjects(cluster.client, asked)).faults.map(({ field, message }) => `${field}: ${message}`);
}

const port = 'spec.template.spec.containers[0].ports[0].containerPort';
const web = { containers: [{ name: 'web', image: 'web:1' }] };
const unreadable = { name: 'first', image: 'web:1', resources: { limits: { memory: 'much' } } };

describe('what a release needs', () => {
  test('is taken when nothing is wrong with it, and nothing of it is made', async () => {
    const service = { ports: [{ port: 80 }] };
    expect(await faultsOf(application({ ports: [{ containerPort: 80 }] }, { service }))).toEqual([]);
    expect(await faultsOf(hooked({ name: 'migrate' }))).toEqual([]);
    const { items } = await cluster.client.list(services, { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('shop');
  });

  test.each([
    {
      name: 'a port that is too large',
      asked: application({ ports: [{ containerPort: 808_080 }] }),
      fault: 'spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 808080',
    },
    {
      name: 'an amount that is none',
      asked: application({ resources: { requests: { cpu: '2x' } } }),
      fault: 'spec.template.spec.containers[0].resources.requests.cpu: "2x" is no quantity',
    },
    {
      name: 'an amount that is none of a container before the others',
      asked: application({}, { template: { spec: { ...web, initContainers: [unreadable] } } }),
      fault: 'spec.template.spec.initContainers[0].resources.limits.memory: "much" is no quantity',
    },
    {
      name: 'a variable, by its place in the manifest',
      asked: application({ env: [{ name: 'GOOD' }, { name: 'a=b' }] }),
      fault: 'spec.template.spec.containers[0].env[1].name: Invalid value: "a=b"',
    },
    {
      name: 'a port of the Service',
      asked: application({}, { service: { ports: [{ port: 0 }] } }),
      fault: 'spec.service.ports[0].port: Invalid value: 0',
    },
    {
      name: 'a Job of a hook, by the place of the hook',
      asked: hooked({ name: 'A_b' }),
      fault: 'spec.hooks.beforePromotion[1].job.template.spec.containers[0].name: Invalid value: "A_b"',
    },
    {
      name: 'a variable of a Job, by its place in the manifest',
      asked: hooked({ name: 'migrate', env: [{ name: 'VERSION', value: '1' }, { name: 'a=b' }] }),
      fault: 'spec.hooks.beforePromotion[1].job.template.spec.containers[0].env[1].name: Invalid value: "a=b"',
    },
  ])('is refused by the field of the Application: $name', async ({ asked, fault }) => {
    const faults = await faultsOf(asked);
    expect(faults[0]).toMatch(fault);
  });
});

test('an amount that is none hides nothing else', async () => {
  const container = {
    image: '',
    resources: { limits: { cpu: 'x', memory: '1Gi' } },
    ports: [{ containerPort: 808_080 }],
  };
  expect(await faultsOf(application(container))).toEqual([
    expect.stringContaining('.resources.limits.cpu: '),
    expect.stringContaining('.image: Required'),
    expect.stringContaining('.containerPort: Invalid'),
  ]);
});

describe('over a running Application', () => {
  const running = application({}, { service: { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] } });

  test('what its Service keeps is not taken for a conflict, and what it would become is judged', async () => {
    await cluster.client.create(services, applicationService(running));
    expect(await faultsOf(running)).toEqual([]);
    const faults = await faultsOf(application({}, { service: { ports: [{ port: 0 }] } }));
    expect(faults[0]).toContain('spec.service.ports[0].port: Invalid value: 0');
  });

  test('a Service of somebody else is left to the controller', async () => {
    await cluster.client.create(
      services,
      applicationService({ ...running, metadata: { ...running.metadata, uid: 'x' } }),
    );
    expect(await faultsOf(application({}, { service: { ports: [{ port: 0 }] } }))).toEqual([]);
  });
});

describe('whoever asks', () => {
  type Client = Parameters<typeof tryObjects>[0];

  /** Fails with this, and says of rights what it is told to. */
  function answering(error: Error, holdsRights = false): Client {
    const { client } = cluster;
    const fail = async (): Promise<never> => {
      throw error;
    };
    const create: Client['create'] = async (type, object) =>
      type.kind === 'SelfSubjectAccessReview' ? { ...object, status: { allowed: holdsRights } } : await fail();
    return { get: holdsRights ? (...args) => client.get(...args) : fail, create, patch: fail };
  }
  const asked = application({}, { ...hooked({ name: 'migrate' }).spec, service: { ports: [{ port: 80 }] } });
  const forbidden = new StatusError('Forbidden', 'admission webhook "no.example.org" denied the request');

  test('and may give Applications only is not kept from it, and told what was not tried', async () => {
    expect(await tryObjects(answering(forbidden), asked)).toEqual({
      faults: [],
      untried: ['ReplicaSet', 'Job', 'Service'],
    });
  });

  test('and may make them is told what an admission has against them', async () => {
    const { faults, untried } = await tryObjects(answering(forbidden, true), asked);
    expect(untried).toEqual([]);
    expect(faults.map(({ field }) => field)).toEqual([
      'spec.template',
      'spec.hooks.beforePromotion[1].job.template',
      'spec.service',
    ]);
    expect(faults[0]?.message).toContain('denied the request');
  });

  test('is told of an API server that is not there', async () => {
    const lost = new StatusError('ServiceUnavailable', 'connection refused');
    await expect(tryObjects(answering(lost), asked)).rejects.toThrow('connection refused');
  });
});

describe('a spec of which something is missing', () => {
  const asked = application({ ports: [{ containerPort: 808_080 }] }, { service: { ports: [{ port: 0 }] } });

  test.each([
    { name: 'elsewhere is tried with its pods alone', misleading: ['spec.checks[0].provider'], tried: [port] },
    { name: 'in its template is not tried', misleading: ['spec.template.spec.containers[0].name'], tried: [] },
    { name: 'as a whole is not tried', misleading: ['spec'], tried: [] },
  ])('$name', async ({ misleading, tried }) => {
    const { faults } = await tryObjects(cluster.client, asked, misleading);
    expect(faults.map(({ field }) => field)).toEqual(tried);
  });
});

test.each([undefined, 'A_b'])('the name %s is not told as a fault of the pods', async (name) => {
  const { metadata, spec } = application({ ports: [{ containerPort: 808_080 }] });
  const { name: _, ...rest } = metadata;
  const asked = { metadata: { ...rest, ...(name === undefined ? {} : { name }) }, spec };
  expect((await tryObjects(cluster.client, asked)).faults.map(({ field }) => field)).toEqual([port]);
});

test('nothing where a value could be is nothing', async () => {
  const container = { resources: null, ports: [{ containerPort: 808_080 }], env: null, envFrom: [null] };
  const written = application(container, { service: null, hooks: { beforeRelease: null } } as object);
  expect((await tryObjects(cluster.client, written)).faults.map(({ field }) => field)).toEqual([port]);
});
