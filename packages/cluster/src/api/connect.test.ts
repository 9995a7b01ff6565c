import type { Pod } from '@slipway/kube/api.generated';
import { namespaces, pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { adminIdentity } from './authorization.ts';

const web = { namespace: 'default', name: 'web' };

let cluster: MemoryCluster;
let pod: Pod;

beforeEach(async () => {
  cluster = await createMemoryCluster();
  pod = await cluster.client.create(pods, {
    metadata: web,
    spec: { containers: [{ name: 'web', image: 'web:1' }] },
  });
});

afterEach(() => cluster.close());

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly json: object;
}

function send({ method, path, query = '', json }: Sent): Promise<{ readonly status: number; readonly body: object }> {
  const request = { method, path, query: new URLSearchParams(query), headers: {}, body: { json } };
  return cluster.api.handle(request, adminIdentity);
}

describe('a binding', () => {
  const path = '/api/v1/namespaces/default/pods/web/binding';
  const collection = { method: 'POST', path: '/api/v1/namespaces/default/bindings' };

  function bind(metadata: object, query = '') {
    return send({ method: 'POST', path, query, json: { metadata, target: { name: 'node-1' } } });
  }

  async function nodeName(): Promise<string | undefined> {
    return (await cluster.client.get(pods, web)).spec?.nodeName;
  }

  it('takes the pod that it means to the node', async () => {
    const { uid, resourceVersion } = pod.metadata;
    expect(await bind({ uid, resourceVersion })).toMatchObject({ status: 201 });
    expect(await nodeName()).toBe('node-1');
  });

  it('is refused for a pod that has a node', async () => {
    await bind({});
    expect(await bind({})).toMatchObject({
      status: 409,
      body: {
        value: {
          message: 'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "node-1"',
        },
      },
    });
  });

  it('changes nothing in a dry run', async () => {
    expect(await bind({}, 'dryRun=All')).toMatchObject({ status: 201 });
    expect(await nodeName()).toBeUndefined();
  });

  it.each([
    { name: 'another uid', metadata: { uid: 'another' }, message: 'UID in precondition: another' },
    { name: 'another version', metadata: { resourceVersion: '1' }, message: 'the object has been modified' },
  ])('is refused for $name', async ({ metadata, message }) => {
    expect(await bind(metadata)).toMatchObject({
      status: 409,
      body: { value: { reason: 'Conflict', message: expect.stringContaining(message) } },
    });
    expect(await nodeName()).toBeUndefined();
  });

  it('may be created as one of the namespace, too', async () => {
    const json = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { name: 'node-1' } };
    expect(await send({ ...collection, json })).toMatchObject({ status: 201 });
    expect(await nodeName()).toBe('node-1');
  });

  it('is for a pod, and never there to be read', async () => {
    expect(await send({ ...collection, json: { target: { name: 'node-1' } } })).toMatchObject({
      status: 400,
      body: { value: { message: 'metadata.name must be that of the Pod that it is for' } },
    });
    const json = { metadata: { name: 'absent' }, target: { name: 'node-1' } };
    expect(await send({ ...collection, json })).toMatchObject({ status: 404 });
    expect(await send({ ...collection, method: 'GET', json: {} })).toMatchObject({ status: 405 });
    expect(await nodeName()).toBeUndefined();
  });

  it('is found among the resources', async () => {
    const { body } = await send({ method: 'GET', path: '/api/v1', json: {} });
    const resource = {
      name: 'bindings',
      singularName: 'binding',
      namespaced: true,
      kind: 'Binding',
      verbs: ['create'],
    };
    expect(body).toMatchObject({ value: { resources: expect.arrayContaining([resource]) } });
  });
});

describe('finalizing a namespace', () => {
  function finalize(metadata: object, query = '') {
    return send({ method: 'PUT', path: '/api/v1/namespaces/default/finalize', query, json: { metadata, spec: {} } });
  }

  async function finalizers(): Promise<readonly string[] | undefined> {
    return (await cluster.client.get(namespaces, { name: 'default' })).spec?.finalizers;
  }

  it('takes its finalizers away', async () => {
    expect(await finalize({})).toMatchObject({ status: 200 });
    expect((await finalizers()) ?? []).toEqual([]);
  });

  it('changes nothing in a dry run', async () => {
    expect(await finalize({}, 'dryRun=All')).toMatchObject({ status: 200 });
    expect(await finalizers()).toEqual(['kubernetes']);
  });

  it.each([{ uid: 'another' }, { resourceVersion: '999999' }])('is refused for another: %o', async (metadata) => {
    expect(await finalize(metadata)).toMatchObject({ status: 409 });
    expect(await finalizers()).toEqual(['kubernetes']);
  });
});
