/** Webhooks as the API asks them about what is no object of its own: subresources, connections, questions. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ValidatingWebhook } from '@slipway/kube/api.generated';
import { deployments, pods, serviceAccounts } from '@slipway/kube/resources';
import type { TransportResponse } from '@slipway/kube/transport';
import { patched, rule, startJudge, type Judge, WebhookWorld } from '../../../testing/webhook-world.ts';
import { adminIdentity } from '../authorization.ts';

let judge: Judge;
let world: WebhookWorld;

beforeAll(async () => {
  judge = await startJudge();
});
afterAll(() => judge.stop());
beforeEach(async () => {
  world = await WebhookWorld.create(judge);
});
afterEach(() => world.cluster.close());

describe('a webhook that is asked of subresources', () => {
  const pod = { namespace: 'team', name: 'web' };
  const metadata = { ...pod, labels: { app: 'web' } };

  beforeEach(async () => {
    await world.cluster.client.create(pods, { metadata, spec: { containers: [{ name: 'web', image: 'web' }] } });
  });

  function subresource(path: string, operation: 'CONNECT' | 'CREATE' | 'UPDATE'): Partial<ValidatingWebhook> {
    const [plural = ''] = path.split('/');
    const apiGroups = plural === 'deployments' ? ['apps'] : [''];
    return { rules: [{ operations: [operation], apiGroups, apiVersions: ['v1'], resources: [path] }] };
  }

  function post(path: string, json: object, query = ''): Promise<TransportResponse> {
    return world.send({ method: 'POST', resource: path, query, body: { json } });
  }

  it.each<{ name: string; path: string; at: string; json: object; kind: object; object: object }>([
    {
      name: 'an Eviction',
      path: 'pods/eviction',
      at: 'pods/web/eviction',
      json: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } },
      kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      object: { kind: 'Eviction', apiVersion: 'policy/v1', metadata: pod },
    },
    {
      name: 'a Binding',
      path: 'pods/binding',
      at: 'pods/web/binding',
      json: { target: { kind: 'Node', name: 'node-1' } },
      kind: { group: '', version: 'v1', kind: 'Binding' },
      object: { kind: 'Binding', apiVersion: 'v1', metadata: pod, target: { name: 'node-1' } },
    },
    {
      name: 'a TokenRequest',
      path: 'serviceaccounts/token',
      at: 'serviceaccounts/web/token',
      json: { spec: { expirationSeconds: 600 } },
      kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
      object: { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec: { expirationSeconds: 600 } },
    },
  ])('is told of $name that is created, and may refuse it', async ({ path, at: place, json, kind, object }) => {
    await world.cluster.client.create(serviceAccounts, { metadata: pod });
    await world.validating(subresource(path, 'CREATE'));
    judge.answer = () => ({ allowed: false, warnings: ['mind the gap'], status: { message: 'not now', code: 403 } });
    expect(await post(place, json)).toMatchObject({ status: 403 });
    judge.answer = () => ({ allowed: true, warnings: ['mind the gap'] });
    const { status, headers } = await post(place, json);
    expect({ status, headers }).toEqual({ status: 201, headers: { warning: '299 - "mind the gap"' } });
    const [resource, subResource] = path.split('/');
    const told = { operation: 'CREATE', kind, resource: { resource }, subResource, name: 'web', oldObject: null };
    expect(judge.reviews).toMatchObject([1, 2].map(() => ({ ...told, object, options: { kind: 'CreateOptions' } })));
  });

  it('may take the pod of a Binding to another node', async () => {
    await world.mutating(subresource('pods/binding', 'CREATE'));
    judge.answer = () => patched({ op: 'replace', path: '/target/name', value: 'node-2' });
    await post('pods/web/binding', { kind: 'Binding', target: { name: 'node-1' } });
    expect((await world.cluster.client.get(pods, pod)).spec?.nodeName).toBe('node-2');
  });

  it('is not passed by with an object of another kind', async () => {
    await world.validating(subresource('pods/binding', 'CREATE'));
    const refused = await post('pods/web/binding', { kind: 'Eviction', target: { name: 'node-1' } });
    expect(refused).toMatchObject({
      status: 400,
      body: { value: { message: 'Eviction in version "v1" cannot be handled as a Binding' } },
    });
  });

  it('is told of connections, whatever they are asked for', async () => {
    await world.validating(subresource('pods/*', 'CONNECT'), subresource('services/proxy', 'CONNECT'));
    judge.answer = () => ({ allowed: false, status: { message: 'no way in', code: 403 } });
    for (const [path, query] of [
      ['pods/web/exec', 'command=sh&command=-c&stdin=true&stdout=1&tty=false&container=web'],
      ['pods/web/attach', 'stdout=true'],
      ['pods/web/portforward', 'ports=80,81'],
    ] as const)
      await expect(open(path, query)).rejects.toMatchObject({ reason: 'Forbidden', code: 403 });
    await world.send({ method: 'GET', resource: 'pods', name: '/web/proxy/a%20b/', query: 'x=y' });
    await world.send({ method: 'GET', resource: 'services', name: '/web:http/proxy' });
    const v1 = { apiVersion: 'v1' };
    const exec = { command: ['sh', '-c'], stdin: true, stdout: true, container: 'web' };
    expect(judge.reviews.map(({ name, object, subResource }) => [name, subResource, object])).toEqual([
      ['web', 'exec', { ...v1, kind: 'PodExecOptions', ...exec }],
      ['web', 'attach', { ...v1, kind: 'PodAttachOptions', stdout: true }],
      ['web', 'portforward', { ...v1, kind: 'PodPortForwardOptions', ports: [80, 81] }],
      ['web', 'proxy', { ...v1, kind: 'PodProxyOptions', path: '/a b/' }],
      ['web:http', 'proxy', { ...v1, kind: 'ServiceProxyOptions' }],
    ]);
    expect(judge.reviews[0]).toMatchObject({ operation: 'CONNECT', namespace: 'team', oldObject: null, options: null });
  });

  it.each<{ name: string; objectSelector: NonNullable<ValidatingWebhook['objectSelector']>; asked: number }>([
    { name: 'no selector', objectSelector: {}, asked: 1 },
    { name: 'a selector by label', objectSelector: { matchLabels: { app: 'web' } }, asked: 0 },
    {
      name: 'a selector by what there is not',
      objectSelector: { matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] },
      asked: 0,
    },
  ])('with $name is asked of connections $asked times, which have no labels', async ({ objectSelector, asked }) => {
    await world.validating({ ...subresource('pods/exec', 'CONNECT'), objectSelector });
    await expect(open('pods/web/exec', 'stdout=true')).rejects.toMatchObject({ code: 400 });
    expect(judge.reviews).toHaveLength(asked);
  });

  it.each([
    { nodeName: 'node-1', said: { kind: 'streams', rawHeaders: ['Upgrade', 'x', 'warning', '299 - "mind the gap"'] } },
    { nodeName: 'node-2', said: { response: { status: 418, headers: { a: 'b', warning: '299 - "mind the gap"' } } } },
  ])('warns who is connected, or not, by $nodeName', async ({ nodeName, said }) => {
    await world.cluster.client.patch(pods, pod, { type: 'merge', body: { spec: { nodeName } } });
    await world.validating(subresource('pods/exec', 'CONNECT'));
    judge.answer = () => ({ allowed: true, warnings: ['mind the gap'] });
    expect(await open('pods/web/exec', 'stdout=true')).toMatchObject(said);
  });

  it('may change what a connection asks for', async () => {
    await world.cluster.client.patch(pods, pod, { type: 'merge', body: { spec: { nodeName: 'node-1' } } });
    await world.mutating(subresource('pods/exec', 'CONNECT'));
    judge.answer = () =>
      patched({ op: 'add', path: '/container', value: 'none' }, { op: 'replace', path: '/command', value: ['ls'] });
    await expect(open('pods/web/exec', 'command=sh&stdout=true')).rejects.toMatchObject({
      message: 'container none is not valid for pod web',
    });
  });

  it.each([
    { name: 'with a slash', asked: '/a', path: '/x', reached: '/x' },
    { name: 'without a slash', asked: '/a', path: 'x/y z/', reached: '/x/y%20z/' },
    { name: 'with the signs of queries', asked: '/a', path: '/what?#100%', reached: '/what%3F%23100%25' },
    { name: 'with half a character', asked: '/a', path: '/\ud800', reached: '/%EF%BF%BD' },
    { name: 'of nothing', asked: '/a', path: '', reached: '/' },
    { name: 'as it was', asked: '/a%2Fb%3F/', path: '/a/b?/', reached: '/a%2Fb%3F/' },
  ])('may lead a proxy to a path $name', async ({ asked, path, reached }) => {
    await world.cluster.client.patch(pods, pod, { type: 'merge', body: { spec: { nodeName: 'node-1' } } });
    await world.mutating(subresource('pods/proxy', 'CONNECT'));
    judge.answer = () =>
      patched({ op: 'replace', path: '/path', value: path }, { op: 'add', path: '/other', value: 'x' });
    await world.send({ method: 'GET', resource: 'pods', name: `/web/proxy${asked}`, query: 'x=y' });
    expect(world.proxied).toEqual([`/podProxy/team/web/80${reached}?x=y`]);
  });

  it('is told of a Scale where replicas are written', async () => {
    await world.validating(subresource('deployments/scale', 'UPDATE'));
    await world.mutating(subresource('deployments/scale', 'UPDATE'));
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } };
    const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template };
    await world.cluster.client.create(deployments, { metadata: pod, spec });
    judge.answer = ({ object }) =>
      object?.spec?.replicas === 5 ? patched({ op: 'replace', path: '/spec/replicas', value: 3 }) : { allowed: true };
    const path = '/apis/apps/v1/namespaces/team/deployments/web/scale';
    const headers = { 'content-type': 'application/merge-patch+json' };
    const body = { json: { spec: { replicas: 5 } } };
    const scaled = await world.cluster.api.handle(
      { method: 'PATCH', path, query: new URLSearchParams(), headers, body },
      adminIdentity,
    );
    expect(scaled).toMatchObject({ status: 200, body: { value: { kind: 'Scale', spec: { replicas: 3 } } } });
    const kind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
    expect(judge.reviews).toMatchObject([
      { kind, object: { kind: 'Scale', spec: { replicas: 5 } }, oldObject: { kind: 'Scale', spec: { replicas: 1 } } },
      { kind, object: { kind: 'Scale', spec: { replicas: 3 } }, oldObject: { kind: 'Scale', spec: { replicas: 1 } } },
    ]);
  });

  it('is told of questions to the server, which are never stored', async () => {
    const resources = ['selfsubjectaccessreviews'];
    await world.validating({
      rules: [rule({ operations: ['CREATE'], apiGroups: ['authorization.k8s.io'], resources })],
    });
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const json = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
    const asked = { method: 'POST', path, query: new URLSearchParams(), headers: {}, body: { json } };
    expect(await world.cluster.api.handle(asked, adminIdentity)).toMatchObject({ status: 201 });
    expect(judge.reviews).toMatchObject([{ object: { kind: 'SelfSubjectAccessReview', ...json } }]);
  });
});

function open(path: string, query: string) {
  const asked = {
    method: 'GET',
    path: `/api/v1/namespaces/team/${path}`,
    query: new URLSearchParams(query),
    headers: {},
  };
  return world.cluster.api.openStreams(asked, adminIdentity);
}
