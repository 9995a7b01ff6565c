/** What is refused, in the words of kube-apiserver 1.32. */
import type { Deployment } from '@slipway/kube/api.generated';
import type { Patch } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { configMaps, deployments, services } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
});
afterAll(() => cluster.close());

const metadata = { name: 'web', namespace: 'default' };

function web(change: object = {}): Deployment {
  const labels = { app: 'web' };
  const spec = { containers: [{ name: 'web', image: 'web:1' }] };
  return {
    metadata,
    ...{ spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec }, ...change } },
  };
}

const cannot = 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal';

function podOf(container: object): object {
  return { template: { spec: { containers: [{ name: 'web', ...container }] } } };
}

describe('values of a wrong type', () => {
  it.each<[object, string]>([
    [{ replicas: 'x' }, 'string into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [
      podOf({ env: [{ name: 'A', value: 1 }] }),
      'number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string',
    ],
    [
      { template: { metadata: { labels: { a: true } } } },
      'bool into Go struct field ObjectMeta.spec.template.metadata.labels of type string',
    ],
    [
      { template: { spec: { containers: 'x' } } },
      'string into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [{ template: [] }, 'array into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec'],
    [
      { selector: { matchLabels: 'x' } },
      'string into Go struct field LabelSelector.spec.selector.matchLabels of type map[string]string',
    ],
  ])('are named as Go names them: %j', async (change, message) => {
    await expect(cluster.client.create(deployments, web(change))).rejects.toMatchObject({
      reason: 'BadRequest',
      message: `${cannot} ${message}`,
    });
  });
});

describe('patches that make no object', () => {
  const named = { ...metadata, name: 'patched' };
  const three = { spec: { replicas: 'three' } };
  const misfit = 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32';

  beforeAll(() => cluster.client.create(deployments, { ...web(), metadata: named }));

  it.each([
    { kind: 'strategic', body: three, value: /^map\[spec:map\[replicas:three\]\]$/ },
    { kind: 'merge', body: three, value: /"replicas":"three"/ },
    { kind: 'json', body: [{ op: 'replace', path: '/spec/replicas', value: 'three' }], value: /"replicas":"three"/ },
  ] as const)('are invalid as $kind, and not bad requests', async ({ kind, body, value }) => {
    const refused: unknown = await cluster.client
      .patch(deployments, named, { type: kind, body } as Patch)
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: 'Invalid', code: 422, details: { causes: [{ field: 'patch' }] } });
    const said = / "" is invalid: patch: Invalid value: ("(?:[^"\\]|\\.)*"): (.*)$/.exec(String(refused));
    expect([JSON.parse(said?.[1] ?? '""'), said?.[2]]).toEqual([expect.stringMatching(value), misfit]);
  });

  it('are so for a field that nobody knows, where that is a fault', async () => {
    const patch = { type: 'merge', body: { spec: { replica: 1 } } } as const;
    await expect(cluster.client.patch(deployments, named, patch, { fieldValidation: 'Strict' })).rejects.toMatchObject({
      code: 422,
      message: expect.stringMatching(/: strict decoding error: unknown field "spec.replica"$/),
    });
  });

  it.each([
    { spec: { replicas: 'three' } },
    { spec: { replicas: 3_000_000_000 } },
    { spec: 3 },
    { metadata: { labels: 'three' } },
  ])('are so of a Scale with %j, which is a bad request where it is sent whole', async (body) => {
    const options = { subresource: 'scale' } as const;
    const patched = cluster.client.patch(deployments, named, { type: 'merge', body }, options);
    await expect(patched).rejects.toMatchObject({
      code: 422,
      message: expect.stringMatching(
        /^ "" is invalid: patch: Invalid value: .*: json: cannot unmarshal .* into Go struct/,
      ),
    });
    const sent = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: named, ...body } as Deployment;
    const replaced = cluster.client.update(deployments, { ...sent, metadata: { ...named, ...sent.metadata } }, options);
    await expect(replaced).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/^Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal/),
    });
  });

  it('are so of what is another kind than the Scale that it is sent as', async () => {
    const sent: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: named, ...three };
    await expect(cluster.client.update(deployments, sent, { subresource: 'scale' })).rejects.toMatchObject({
      reason: 'BadRequest',
      message: expect.stringContaining('does not match the expected API version (autoscaling/v1, kind Scale)'),
    });
  });

  it('are a conflict where a Scale is to be that of another version of the object', async () => {
    const body = { metadata: { resourceVersion: '1' }, spec: { replicas: 3 } };
    const patched = cluster.client.patch(deployments, named, { type: 'merge', body }, { subresource: 'scale' });
    await expect(patched).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('say no more of a large object than somebody reads', async () => {
    const body = { metadata: { annotations: { large: 'x'.repeat(50_000) } }, ...three };
    const refused: unknown = await cluster.client
      .patch(deployments, named, { type: 'merge', body })
      .catch((error: unknown) => error);
    expect(String(refused).length).toBeLessThan(4_000);
  });
});

describe('faults of objects', () => {
  it('show selectors and labels as Go shows them', async () => {
    await cluster.client.create(deployments, web());
    const body = { spec: { selector: { matchLabels: { b: 'c' } } } };
    const patched = cluster.client.patch(deployments, metadata, { type: 'merge', body });
    await expect(patched).rejects.toMatchObject({
      reason: 'Invalid',
      details: {
        causes: [
          {
            field: 'spec.template.metadata.labels',
            message: 'Invalid value: map[string]string{"app":"web"}: `selector` does not match template `labels`',
          },
          {
            field: 'spec.selector',
            message:
              'Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"web", "b":"c"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
          },
        ],
      },
    });
  });

  it('name every finalizer that comes too late', async () => {
    const finalizers = ['example.org/a'];
    await cluster.client.create(configMaps, { metadata: { ...metadata, finalizers } });
    await cluster.client.delete(configMaps, metadata);
    const body = { metadata: { finalizers: [...finalizers, 'example.org/b', 'example.org/c'] } };
    await expect(cluster.client.patch(configMaps, metadata, { type: 'merge', body })).rejects.toMatchObject({
      message:
        'ConfigMap "web" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.org/b", "example.org/c"}',
    });
  });

  it('tell what a name of a port may be', async () => {
    const ports = [{ port: 80, targetPort: 'a_b--' }];
    const created = cluster.client.create(services, { metadata, spec: { ports } });
    const field = 'spec.ports[0].targetPort';
    await expect(created).rejects.toMatchObject({
      details: {
        causes: [
          'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
          'must not contain consecutive hyphens',
          'must not begin or end with a hyphen',
        ].map((rule) => ({ field, message: `Invalid value: "a_b--": ${rule}` })),
      },
    });
  });
});

describe('server-side apply', () => {
  function apply<T extends KubeObject>(type: ResourceType<T>, body: object): Promise<unknown> {
    return cluster.client.patch(type, metadata, { type: 'apply', body }, { fieldManager: 'me' });
  }

  it('takes no field that the schema does not declare, although nobody asked for validation', async () => {
    await expect(apply(configMaps, { metadata, dat: {} })).rejects.toMatchObject({
      code: 400,
      message:
        'failed to create typed patch object (default/web; /v1, Kind=ConfigMap): .dat: field not declared in schema',
    });
  });

  it.each([
    {
      name: 'the same key twice',
      body: web(podOf({ ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }] })),
      says: '.spec.template.spec.containers[name="web"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
    },
    {
      name: 'an item without its key',
      body: web(podOf({ env: [{ value: 'x' }] })),
      says: '.spec.template.spec.containers[name="web"].env: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
    },
    {
      name: 'the same member of a set twice',
      body: { ...web({}), metadata: { ...metadata, finalizers: ['a.b/c', 'a.b/c'] } },
      says: '.metadata.finalizers: duplicate entries for key [="a.b/c"]',
    },
  ])('takes no list with $name', async ({ body, says }) => {
    await expect(apply(deployments, body)).rejects.toMatchObject({
      code: 400,
      message: `failed to create typed patch object (default/web; apps/v1, Kind=Deployment): ${says}`,
    });
  });

  it('takes no value of another type, and says of all of them where they are', async () => {
    const container = { image: ['x'], env: [{ name: 'A', value: 1 }], ports: { b: 1, a: [true] }, tty: 'yes' };
    const body = { ...web({ replicas: '2', ...podOf(container) }), status: { conditions: ['x'] } };
    await expect(apply(deployments, body)).rejects.toMatchObject({
      code: 400,
      message:
        'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): errors:\n' +
        '  .spec.template.spec.containers[name="web"].image: expected string, got &value.valueUnstructured{Value:[]interface {}{"x"}}\n' +
        '  .spec.template.spec.containers[name="web"].env[name="A"].value: expected string, got &value.valueUnstructured{Value:1}\n' +
        '  .spec.template.spec.containers[name="web"].ports: expected list, got &{map[a:[true] b:1]}\n' +
        '  .spec.template.spec.containers[name="web"].tty: expected boolean, got &{yes}\n' +
        '  .spec.replicas: expected numeric (int or float), got string\n' +
        '  .status.conditions: element 0: associative list with keys may not have non-map elements',
    });
  });

  it('takes no number that is none of its field', async () => {
    await expect(apply(deployments, web({ replicas: 2 ** 40 }))).rejects.toMatchObject({
      reason: 'BadRequest',
      message: expect.stringContaining('cannot unmarshal number'),
    });
  });

  it.each([
    { name: 'an object of another version', body: { apiVersion: '' }, says: 'invalid object type: , Kind=ConfigMap' },
    { name: 'an object of another kind', body: { kind: 'Secret' }, says: 'invalid object type: v1, Kind=Secret' },
    {
      name: 'who owns what',
      body: { metadata: { ...metadata, managedFields: [] } },
      says: 'metadata.managedFields must be nil',
    },
  ])('takes not $name', async ({ body, says }) => {
    await expect(apply(configMaps, { metadata, ...body })).rejects.toMatchObject({
      reason: 'BadRequest',
      message: says,
    });
  });

  it('takes the replicas of a Scale, as nothing but replicas', async () => {
    await cluster.client.create(deployments, { ...web(), metadata: { ...metadata, name: 'scaled' } });
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'scaled' }, spec: { replicas: 7 } };
    const applyScale = (body: object): Promise<unknown> =>
      cluster.client.patch(
        deployments,
        { ...metadata, name: 'scaled' },
        { type: 'apply', body, force: true },
        { fieldManager: 'scaler', subresource: 'scale' },
      );
    // Who applies none has nothing to say of them.
    expect(await applyScale({ ...scale, spec: {} })).toMatchObject({ kind: 'Scale', spec: { replicas: 1 } });
    expect(await applyScale(scale)).toMatchObject({ kind: 'Scale', spec: { replicas: 7 } });
    const { spec, metadata: written } = await cluster.client.get(deployments, { ...metadata, name: 'scaled' });
    expect(spec?.replicas).toBe(7);
    expect(written.managedFields).toContainEqual(
      expect.objectContaining({
        manager: 'scaler',
        operation: 'Apply',
        subresource: 'scale',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      }),
    );
    expect(await applyScale({ ...scale, spec: { replicas: 0 } })).toMatchObject({ kind: 'Scale', spec: {} });
    await expect(applyScale({ ...web(), apiVersion: 'apps/v1' })).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  it('leaves out that a Scale has no replicas, and takes it so', async () => {
    const name = 'none';
    await cluster.client.create(deployments, { ...web(), metadata: { ...metadata, name } });
    const key = { ...metadata, name };
    const options = { subresource: 'scale' } as const;
    await cluster.client.patch(deployments, key, { type: 'merge', body: { spec: { replicas: 0 } } }, options);
    const scale = await cluster.client.get(deployments, key, options);
    expect(scale).toMatchObject({ kind: 'Scale', spec: {}, status: { replicas: 0 } });
    expect(scale.spec).toEqual({});
    await cluster.client.patch(deployments, key, { type: 'merge', body: { spec: { replicas: 2 } } }, options);
    const { resourceVersion: _, ...named } = scale.metadata;
    await cluster.client.update(deployments, { ...scale, metadata: named }, options);
    expect((await cluster.client.get(deployments, key)).spec?.replicas).toBe(0);
  });

  it('names members of lists by their keys', async () => {
    await expect(apply(deployments, web({ ...podOf({ imag: 'x' }), replica: 1 }))).rejects.toMatchObject({
      message:
        'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): errors:\n' +
        '  .spec.template.spec.containers[name="web"].imag: field not declared in schema\n' +
        '  .spec.replica: field not declared in schema',
    });
  });
});
