/** Webhooks as the API asks them: a real server with TLS answers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConfigMap, MutatingWebhook, ValidatingWebhook } from '@slipway/kube/api.generated';
import {
  configMaps,
  deployments,
  mutatingWebhookConfigurations,
  namespaces,
  pods,
  serviceAccounts,
  services,
  validatingWebhookConfigurations,
} from '@slipway/kube/resources';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { loadCertificates, type ClusterCertificates } from '../../pki/certificates.ts';
import { adminIdentity } from '../authorization.ts';
import { callWebhook } from './call-webhook.ts';

interface Review {
  readonly uid: string;
  readonly operation: string;
  readonly name?: string;
  readonly subResource?: string;
  readonly object: (ConfigMap & { readonly spec?: { readonly replicas: number } }) | null;
  readonly oldObject: ConfigMap | null;
  readonly dryRun: boolean;
  readonly userInfo: { readonly username: string };
  readonly options: object;
}

type Answer = (review: Review, path: string) => object | undefined | Promise<object | undefined>;

const key = { namespace: 'team', name: 'config' };

let directory: string;
let certificates: ClusterCertificates;
let server: Server;
let port: number;
let cluster: MemoryCluster;
let reviews: Review[];
let answer: Answer;
/** What reached the nodes. */
let proxied: string[];
/** Resolved once something is asked that gets no answer. */
const silence = Promise.withResolvers<void>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-webhook-'));
  certificates = await loadCertificates({ directory, now: Date.now(), names: ['127.0.0.1', 'judge.team.svc'] });
  const { certificate: cert, key: privateKey } = certificates.server;
  server = createServer({ cert, key: privateKey }, async (request, response) => {
    const { apiVersion, request: review } = (await json(request)) as { apiVersion: string; request: Review };
    reviews.push(review);
    if (request.url?.startsWith('/never') === true) return silence.resolve();
    const given = await answer(review, request.url ?? '');
    if (given === undefined) return void response.destroy();
    response.end(JSON.stringify({ kind: 'AdmissionReview', apiVersion, response: { uid: review.uid, ...given } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  reviews = [];
  answer = () => ({ allowed: true });
  proxied = [];
  cluster = await createMemoryCluster({
    onNodeRequest: async (_, { path }) => {
      proxied.push(path);
      return { status: 200, headers: {}, body: (async function* () {})() };
    },
    onNodeUpgrade: (node) =>
      Promise.resolve(
        node === 'node-1'
          ? { kind: 'streams', rawHeaders: ['Upgrade', 'x'], connection: new PassThrough() }
          : { kind: 'refused', response: { status: 418, headers: { a: 'b' }, body: (async function* () {})() } },
      ),
  });
  await cluster.client.create(namespaces, { metadata: { name: 'team', labels: { judged: 'yes' } } });
});
afterEach(() => cluster.close());

function webhook<T extends ValidatingWebhook>(changes: Partial<T> = {}): T {
  return {
    name: 'judge.example.com',
    clientConfig: { url: `https://127.0.0.1:${port}/judge`, caBundle: base64(certificates.authority) },
    rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...changes,
  } as unknown as T;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function validating(...changes: readonly Partial<ValidatingWebhook>[]): Promise<void> {
  const webhooks = changes.map((each, index) => webhook({ name: `judge${index}.example.com`, ...each }));
  await cluster.client.create(validatingWebhookConfigurations, { metadata: { name: 'judges' }, webhooks });
}

async function mutating(...changes: readonly Partial<MutatingWebhook>[]): Promise<void> {
  const webhooks = changes.map((each, index) =>
    webhook<MutatingWebhook>({ name: `editor${index}.example.com`, ...each }),
  );
  await cluster.client.create(mutatingWebhookConfigurations, { metadata: { name: 'editors' }, webhooks });
}

function create(data: Record<string, string> = { a: '1' }, options: { readonly dryRun?: boolean } = {}) {
  return cluster.client.create(configMaps, { metadata: key, data }, options);
}

interface Sent extends Pick<TransportRequest, 'method' | 'body' | 'signal'> {
  readonly resource?: string;
  readonly name?: string;
  readonly query?: string;
}

function send({ resource = 'configmaps', name = '', query = '', ...sent }: Sent): Promise<TransportResponse> {
  const path = `/api/v1/namespaces/team/${resource}${name}`;
  return cluster.api
    .transportFor(adminIdentity)
    .send({ path, query: new URLSearchParams(query), headers: {}, ...sent });
}

function patched(...operations: readonly object[]): object {
  return { allowed: true, patchType: 'JSONPatch', patch: base64(JSON.stringify(operations)) };
}

const set = (field: string, value: string): object => ({ op: 'add', path: `/data/${field}`, value });

describe('a validating webhook', () => {
  it('is told what is asked by whom, and what there was before', async () => {
    await validating({});
    const made = await create();
    await cluster.client.update(configMaps, { ...made, data: { a: '2' } });
    await cluster.client.delete(configMaps, key);
    expect(reviews.map(({ operation, object, oldObject }) => [operation, object?.data, oldObject?.data])).toEqual([
      ['CREATE', { a: '1' }, undefined],
      ['UPDATE', { a: '2' }, { a: '1' }],
      ['DELETE', undefined, { a: '2' }],
    ]);
    expect(reviews[0]).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      ...key,
      userInfo: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { uid: made.metadata.uid } },
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    });
  });

  it.each<{ name: string; given: object; code: number; message: string }>([
    {
      name: 'with what it says',
      given: { allowed: false, status: { message: 'not like this', code: 403 } },
      code: 403,
      message: 'admission webhook "judge0.example.com" denied the request: not like this',
    },
    {
      name: 'without a word',
      given: { allowed: false },
      code: 400,
      message: 'admission webhook "judge0.example.com" denied the request without explanation',
    },
    {
      name: 'by an answer to something else',
      given: { allowed: true, uid: 'other' },
      code: 500,
      message: 'expected response.uid=',
    },
  ])('refuses $name', async ({ given, code, message }) => {
    await validating({});
    answer = () => given;
    await expect(create()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await expect(cluster.client.get(configMaps, key)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it.each<{ name: string; hook: Partial<ValidatingWebhook> }>([
    { name: 'other operations', hook: { rules: [rule({ operations: ['DELETE'] })] } },
    { name: 'other resources', hook: { rules: [rule({ resources: ['secrets', 'configmaps/status', '*/scale'] })] } },
    { name: 'other groups', hook: { rules: [rule({ apiGroups: ['apps'] })] } },
    { name: 'other versions', hook: { rules: [rule({ apiVersions: ['v2'] })] } },
    { name: 'what lies in no namespace', hook: { rules: [rule({ scope: 'Cluster' })] } },
    { name: 'other namespaces', hook: { namespaceSelector: { matchLabels: { judged: 'no' } } } },
    { name: 'other objects', hook: { objectSelector: { matchLabels: { app: 'web' } } } },
    {
      name: 'what meets a condition',
      hook: { matchConditions: [{ name: 'big', expression: 'size(object.data) > 1' }] },
    },
  ])('is not asked where it wants $name', async ({ hook }) => {
    await validating(hook);
    await create();
    expect(reviews).toEqual([]);
  });

  it.each<{ name: string; hook: Partial<ValidatingWebhook> }>([
    { name: 'everything', hook: { rules: [rule({ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] })] } },
    { name: 'its namespace', hook: { namespaceSelector: { matchLabels: { judged: 'yes' } } } },
    { name: 'what meets a condition', hook: { matchConditions: [{ name: 'a', expression: 'object.data.a == "1"' }] } },
  ])('is asked where it wants $name', async ({ hook }) => {
    await validating(hook);
    await create();
    expect(reviews).toHaveLength(1);
  });

  it('is not asked, and fails the write, where a condition is neither true nor false', async () => {
    await validating({ matchConditions: [{ name: 'text', expression: 'object.data.a' }] });
    await expect(create()).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('condition "text" must give a bool'),
    });
    expect(reviews).toEqual([]);
  });

  it('fails what it cannot be asked about, unless that is to be ignored', async () => {
    answer = () => undefined;
    await validating({ failurePolicy: 'Fail' });
    await expect(create()).rejects.toMatchObject({
      reason: 'InternalError',
      message: expect.stringContaining(
        'failed calling webhook "judge0.example.com": failed to call webhook: Post "https://',
      ),
    });
    await cluster.client.delete(validatingWebhookConfigurations, { name: 'judges' });
    await validating({ failurePolicy: 'Ignore' });
    await expect(create()).resolves.toMatchObject({ metadata: key });
  });

  it('is trusted by its bundle alone', async () => {
    await validating({ clientConfig: { url: `https://127.0.0.1:${port}/judge` } });
    await expect(create()).rejects.toMatchObject({ message: expect.stringContaining('certificate') });
  });

  it('is reached through a Service, by the name of which it proves itself', async () => {
    const spec = { clusterIP: 'None', ports: [{ port }] };
    await cluster.client.create(services, { metadata: { name: 'judge', namespace: 'team' }, spec });
    const service = { namespace: 'team', name: 'judge', port };
    await validating({ clientConfig: { service, caBundle: base64(certificates.authority) } });
    await expect(create()).rejects.toMatchObject({ message: expect.stringContaining('"judge" has no cluster IP') });
    const url = new URL(`https://judge.team.svc:${port}/`);
    const review = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: 'u' } });
    const endpoint = { url, address: '127.0.0.1', authority: certificates.authority };
    const { signal } = new AbortController();
    expect(await callWebhook(endpoint, review, signal)).toMatchObject({ response: { uid: 'u' } });
    const other = { ...endpoint, url: new URL(`https://other.team.svc:${port}/`) };
    await expect(callWebhook(other, review, signal)).rejects.toThrow('other.team.svc');
  });

  it('is reached at an address of IPv6, which is no name', async () => {
    const review = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: 'u' } });
    // Where it listens in truth, which machines without IPv6 have too.
    const url = new URL(`https://[::1]:${port}/`);
    const endpoint = { url, address: '127.0.0.1', authority: certificates.authority };
    const { signal } = new AbortController();
    expect(await callWebhook(endpoint, review, signal)).toMatchObject({ response: { uid: 'u' } });
  });

  it('is waited for as long as it says', async () => {
    const clock = new FakeClock();
    const waiting = await createMemoryCluster({ clock });
    await waiting.client.create(validatingWebhookConfigurations, {
      metadata: { name: 'judges' },
      webhooks: [webhook({ timeoutSeconds: 3, clientConfig: at('/never') })],
    });
    const creating = waiting.client.create(configMaps, { metadata: { name: 'config', namespace: 'default' } });
    const refusal = creating.catch((error: unknown) => error);
    await silence.promise;
    await clock.advance(3_000);
    expect(await refusal).toMatchObject({
      message: expect.stringMatching(/\/never\?timeout=3s": context deadline exceeded/),
    });
    await waiting.close();
  });

  it('is asked of a try only if it may be', async () => {
    await validating({ sideEffects: 'NoneOnDryRun' });
    await create({ a: '1' }, { dryRun: true });
    expect(reviews).toMatchObject([{ dryRun: true, options: { dryRun: ['All'] } }]);
  });
});

describe('a webhook that is asked of a delete', () => {
  beforeEach(() => validating({ rules: [rule({ operations: ['DELETE'], resources: ['configmaps', 'pods'] })] }));

  it('is asked again of what the object has become meanwhile', async () => {
    await create({ a: '1' });
    answer = async ({ oldObject }) => {
      if (oldObject?.data?.['a'] !== '1') return { allowed: false };
      await cluster.client.patch(configMaps, key, { type: 'merge', body: { data: { a: '2' } } });
      return { allowed: true };
    };
    await expect(cluster.client.delete(configMaps, key)).rejects.toMatchObject({ code: 400 });
    expect(reviews.map(({ oldObject }) => oldObject?.data)).toEqual([{ a: '1' }, { a: '2' }]);
    expect(await cluster.client.get(configMaps, key)).toMatchObject({ data: { a: '2' } });
  });

  it('is told how it is deleted, and its warnings reach the caller', async () => {
    const { metadata } = await create();
    answer = () => ({ allowed: true, warnings: ['think twice'] });
    const preconditions = { uid: metadata.uid };
    const json = { gracePeriodSeconds: 5, propagationPolicy: 'Foreground', preconditions };
    const { headers } = await send({ method: 'DELETE', name: '/config', body: { json } });
    expect(headers).toMatchObject({ warning: '299 - "think twice"' });
    expect(reviews[0]?.options).toEqual({ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...json });
  });

  it('is not asked of an eviction', async () => {
    const containers = [{ name: 'web', image: 'web' }];
    await cluster.client.create(pods, { metadata: { name: 'web', namespace: 'team' }, spec: { containers } });
    const json = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } };
    const sent = await send({ method: 'POST', resource: 'pods', name: '/web/eviction', body: { json } });
    expect(sent).toMatchObject({ status: 201 });
    await expect(cluster.client.get(pods, { namespace: 'team', name: 'web' })).rejects.toMatchObject({ code: 404 });
    expect(reviews).toEqual([]);
  });
});

describe('a webhook that is asked of updates', () => {
  it('is not asked of the mark that an eviction leaves on its pod', async () => {
    const resources = ['pods', 'pods/status'];
    await validating({ rules: [{ operations: ['UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources }] });
    const spec = { containers: [{ name: 'web', image: 'web' }] };
    await cluster.client.create(pods, { metadata: { name: 'web', namespace: 'team', finalizers: ['a.b/c'] }, spec });
    const json = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } };
    await send({ method: 'POST', resource: 'pods', name: '/web/eviction', body: { json } });
    const { status } = await cluster.client.get(pods, { namespace: 'team', name: 'web' });
    expect(status?.conditions).toMatchObject([{ type: 'DisruptionTarget', status: 'True' }]);
    expect(reviews).toEqual([]);
  });
});

describe('a webhook that is asked of subresources', () => {
  const pod = { namespace: 'team', name: 'web' };
  const metadata = { ...pod, labels: { app: 'web' } };

  beforeEach(async () => {
    await cluster.client.create(pods, { metadata, spec: { containers: [{ name: 'web', image: 'web' }] } });
  });

  function subresource(path: string, operation: 'CONNECT' | 'CREATE' | 'UPDATE'): Partial<ValidatingWebhook> {
    const [plural = ''] = path.split('/');
    const apiGroups = plural === 'deployments' ? ['apps'] : [''];
    return { rules: [{ operations: [operation], apiGroups, apiVersions: ['v1'], resources: [path] }] };
  }

  function post(path: string, json: object, query = ''): Promise<TransportResponse> {
    return send({ method: 'POST', resource: path, query, body: { json } });
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
    await cluster.client.create(serviceAccounts, { metadata: pod });
    await validating(subresource(path, 'CREATE'));
    answer = () => ({ allowed: false, warnings: ['mind the gap'], status: { message: 'not now', code: 403 } });
    expect(await post(place, json)).toMatchObject({ status: 403 });
    answer = () => ({ allowed: true, warnings: ['mind the gap'] });
    const { status, headers } = await post(place, json);
    expect({ status, headers }).toEqual({ status: 201, headers: { warning: '299 - "mind the gap"' } });
    const [resource, subResource] = path.split('/');
    const told = { operation: 'CREATE', kind, resource: { resource }, subResource, name: 'web', oldObject: null };
    expect(reviews).toMatchObject([1, 2].map(() => ({ ...told, object, options: { kind: 'CreateOptions' } })));
  });

  it('may take the pod of a Binding to another node', async () => {
    await mutating(subresource('pods/binding', 'CREATE'));
    answer = () => patched({ op: 'replace', path: '/target/name', value: 'node-2' });
    await post('pods/web/binding', { kind: 'Binding', target: { name: 'node-1' } });
    expect((await cluster.client.get(pods, pod)).spec?.nodeName).toBe('node-2');
  });

  it('is not passed by with an object of another kind', async () => {
    await validating(subresource('pods/binding', 'CREATE'));
    const refused = await post('pods/web/binding', { kind: 'Eviction', target: { name: 'node-1' } });
    expect(refused).toMatchObject({
      status: 400,
      body: { value: { message: 'Eviction in version "v1" cannot be handled as a Binding' } },
    });
  });

  it('is told of connections, whatever they are asked for', async () => {
    await validating(subresource('pods/*', 'CONNECT'), subresource('services/proxy', 'CONNECT'));
    answer = () => ({ allowed: false, status: { message: 'no way in', code: 403 } });
    for (const [path, query] of [
      ['pods/web/exec', 'command=sh&command=-c&stdin=true&stdout=1&tty=false&container=web'],
      ['pods/web/attach', 'stdout=true'],
      ['pods/web/portforward', 'ports=80,81'],
    ] as const)
      await expect(open(path, query)).rejects.toMatchObject({ reason: 'Forbidden', code: 403 });
    await send({ method: 'GET', resource: 'pods', name: '/web/proxy/a%20b/', query: 'x=y' });
    await send({ method: 'GET', resource: 'services', name: '/web:http/proxy' });
    const v1 = { apiVersion: 'v1' };
    const exec = { command: ['sh', '-c'], stdin: true, stdout: true, container: 'web' };
    expect(reviews.map(({ name, object, subResource }) => [name, subResource, object])).toEqual([
      ['web', 'exec', { ...v1, kind: 'PodExecOptions', ...exec }],
      ['web', 'attach', { ...v1, kind: 'PodAttachOptions', stdout: true }],
      ['web', 'portforward', { ...v1, kind: 'PodPortForwardOptions', ports: [80, 81] }],
      ['web', 'proxy', { ...v1, kind: 'PodProxyOptions', path: '/a b/' }],
      ['web:http', 'proxy', { ...v1, kind: 'ServiceProxyOptions' }],
    ]);
    expect(reviews[0]).toMatchObject({ operation: 'CONNECT', namespace: 'team', oldObject: null, options: null });
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
    await validating({ ...subresource('pods/exec', 'CONNECT'), objectSelector });
    await expect(open('pods/web/exec', 'stdout=true')).rejects.toMatchObject({ code: 400 });
    expect(reviews).toHaveLength(asked);
  });

  it.each([
    { nodeName: 'node-1', said: { kind: 'streams', rawHeaders: ['Upgrade', 'x', 'warning', '299 - "mind the gap"'] } },
    { nodeName: 'node-2', said: { response: { status: 418, headers: { a: 'b', warning: '299 - "mind the gap"' } } } },
  ])('warns who is connected, or not, by $nodeName', async ({ nodeName, said }) => {
    await cluster.client.patch(pods, pod, { type: 'merge', body: { spec: { nodeName } } });
    await validating(subresource('pods/exec', 'CONNECT'));
    answer = () => ({ allowed: true, warnings: ['mind the gap'] });
    expect(await open('pods/web/exec', 'stdout=true')).toMatchObject(said);
  });

  it('may change what a connection asks for', async () => {
    await cluster.client.patch(pods, pod, { type: 'merge', body: { spec: { nodeName: 'node-1' } } });
    await mutating(subresource('pods/exec', 'CONNECT'));
    answer = () =>
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
    await cluster.client.patch(pods, pod, { type: 'merge', body: { spec: { nodeName: 'node-1' } } });
    await mutating(subresource('pods/proxy', 'CONNECT'));
    answer = () => patched({ op: 'replace', path: '/path', value: path }, { op: 'add', path: '/other', value: 'x' });
    await send({ method: 'GET', resource: 'pods', name: `/web/proxy${asked}`, query: 'x=y' });
    expect(proxied).toEqual([`/podProxy/team/web/80${reached}?x=y`]);
  });

  it('is told of a Scale where replicas are written', async () => {
    await validating(subresource('deployments/scale', 'UPDATE'));
    await mutating(subresource('deployments/scale', 'UPDATE'));
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } };
    const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template };
    await cluster.client.create(deployments, { metadata: pod, spec });
    answer = ({ object }) =>
      object?.spec?.replicas === 5 ? patched({ op: 'replace', path: '/spec/replicas', value: 3 }) : { allowed: true };
    const path = '/apis/apps/v1/namespaces/team/deployments/web/scale';
    const headers = { 'content-type': 'application/merge-patch+json' };
    const body = { json: { spec: { replicas: 5 } } };
    const scaled = await cluster.api.handle(
      { method: 'PATCH', path, query: new URLSearchParams(), headers, body },
      adminIdentity,
    );
    expect(scaled).toMatchObject({ status: 200, body: { value: { kind: 'Scale', spec: { replicas: 3 } } } });
    const kind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
    expect(reviews).toMatchObject([
      { kind, object: { kind: 'Scale', spec: { replicas: 5 } }, oldObject: { kind: 'Scale', spec: { replicas: 1 } } },
      { kind, object: { kind: 'Scale', spec: { replicas: 3 } }, oldObject: { kind: 'Scale', spec: { replicas: 1 } } },
    ]);
  });

  it('is told of questions to the server, which are never stored', async () => {
    const resources = ['selfsubjectaccessreviews'];
    await validating({ rules: [rule({ operations: ['CREATE'], apiGroups: ['authorization.k8s.io'], resources })] });
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const json = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
    const asked = { method: 'POST', path, query: new URLSearchParams(), headers: {}, body: { json } };
    expect(await cluster.api.handle(asked, adminIdentity)).toMatchObject({ status: 201 });
    expect(reviews).toMatchObject([{ object: { kind: 'SelfSubjectAccessReview', ...json } }]);
  });
});

function open(path: string, query: string) {
  const asked = {
    method: 'GET',
    path: `/api/v1/namespaces/team/${path}`,
    query: new URLSearchParams(query),
    headers: {},
  };
  return cluster.api.openStreams(asked, adminIdentity);
}

describe('a namespace', () => {
  it('that begins to go while webhooks are asked gets nothing new', async () => {
    await validating({});
    answer = async () => {
      await cluster.client.delete(namespaces, { name: 'team' });
      return { allowed: true };
    };
    await expect(create()).rejects.toMatchObject({
      code: 403,
      message: expect.stringContaining('because it is being terminated'),
    });
  });
});

describe('a mutating webhook', () => {
  it('changes what is created and what is updated', async () => {
    await mutating({});
    answer = ({ operation }) => patched(set('by', operation));
    const made = await create();
    expect(made.data).toEqual({ a: '1', by: 'CREATE' });
    const updated = await cluster.client.update(configMaps, { ...made, data: { a: '2' } });
    expect(updated.data).toEqual({ a: '2', by: 'UPDATE' });
    expect(updated.metadata.uid).toBe(made.metadata.uid);
  });

  it('owns no field by what it adds', async () => {
    await mutating({});
    answer = () => patched(set('added', 'x'));
    const { metadata } = await create();
    expect(JSON.stringify(metadata.managedFields)).not.toContain('added');
  });

  it('comes before those who judge, and its work is validated', async () => {
    await mutating({});
    await validating({});
    answer = ({ object }) => (object?.data?.['by'] === undefined ? patched(set('by', 'x')) : { allowed: true });
    await create();
    expect(reviews.map(({ object }) => object?.data)).toEqual([{ a: '1' }, { a: '1', by: 'x' }]);
  });

  it.each<{ name: string; operation: object }>([
    { name: 'takes the metadata away', operation: { op: 'remove', path: '/metadata' } },
    { name: 'leaves no metadata', operation: { op: 'replace', path: '/metadata', value: 'none' } },
    { name: 'leaves no object', operation: { op: 'replace', path: '', value: null } },
    { name: 'changes what is not there', operation: { op: 'replace', path: '/spec/none', value: 1 } },
    { name: 'gives a field of another form', operation: { op: 'add', path: '/data', value: 7 } },
    { name: 'gives labels of another form', operation: { op: 'add', path: '/metadata/labels', value: 7 } },
  ])('is named where its patch $name', async ({ operation }) => {
    await mutating({ failurePolicy: 'Ignore' }, {});
    answer = () => patched(operation);
    await expect(create()).rejects.toMatchObject({
      code: 500,
      message: expect.stringContaining('the patch of admission webhook "editor0.example.com" cannot be applied: '),
    });
  });

  it('is no reason to complain to the author of fields that it adds', async () => {
    await mutating({});
    answer = () => patched({ op: 'add', path: '/unknown', value: 'x' });
    const json = { metadata: key };
    const { status } = await send({ method: 'POST', query: 'fieldValidation=Strict', body: { json } });
    expect(status).toBe(201);
  });

  it('that takes back what was to be changed leaves the object as it is', async () => {
    const made = await create({ a: '1' });
    await mutating({});
    answer = () => patched(set('a', '1'));
    const updated = await cluster.client.update(configMaps, { ...made, data: { a: '2' } });
    expect(updated.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  it('shares thirty seconds with all others, whatever its failures are to be', async () => {
    const clock = new FakeClock();
    const waiting = await createMemoryCluster({ clock });
    const slow = webhook<MutatingWebhook>({ failurePolicy: 'Ignore', clientConfig: at('/never') });
    const webhooks = [1, 2, 3, 4].map((each) => ({ ...slow, name: `slow${each}.example.com` }));
    await waiting.client.create(mutatingWebhookConfigurations, { metadata: { name: 'slow' }, webhooks });
    const creating = waiting.client.create(configMaps, { metadata: { name: 'config', namespace: 'default' } });
    const refusal = creating.catch((error: unknown) => error);
    for (const asked of [1, 2, 3]) {
      await vi.waitFor(() => expect(reviews).toHaveLength(asked), { timeout: 20_000 });
      await clock.advance(10_000);
    }
    expect(await refusal).toMatchObject({
      reason: 'Timeout',
      message: 'the request has taken too long when admission webhook "slow3.example.com" was to be asked',
    });
    expect(reviews).toHaveLength(3);
    await waiting.close();
  });

  it('is not waited for by somebody who has gone', async () => {
    await mutating({ failurePolicy: 'Ignore', clientConfig: at('/never') });
    const client = new AbortController();
    const sending = send({ method: 'POST', body: { json: { metadata: key } }, signal: client.signal });
    await vi.waitFor(() => expect(reviews).toHaveLength(1), { timeout: 20_000 });
    client.abort(new Error('the client went away'));
    expect(await sending).toMatchObject({ status: 504 });
    await expect(cluster.client.get(configMaps, key)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('is asked again, once, if another one has changed the object after it', async () => {
    await mutating({ reinvocationPolicy: 'IfNeeded', clientConfig: at('/first') }, { clientConfig: at('/second') });
    const asked: string[] = [];
    answer = (_, path) => {
      asked.push(path.split('?')[0] ?? '');
      return patched(set(`n${asked.length}`, 'x'));
    };
    expect((await create()).data).toEqual({ a: '1', n1: 'x', n2: 'x', n3: 'x' });
    expect(asked).toEqual(['/first', '/second', '/first']);
  });

  it('is asked about the newest of an object that others change meanwhile', async () => {
    const made = await create({ a: '0' });
    await mutating({});
    answer = ({ object }) => patched(set('seen', object?.metadata.resourceVersion ?? ''));
    const merge = (data: Record<string, string>) =>
      cluster.client.patch(configMaps, key, { type: 'merge', body: { data } });
    await Promise.all([merge({ b: '1' }), merge({ c: '2' }), merge({ d: '3' })]);
    const { data } = await cluster.client.get(configMaps, key);
    expect(data).toMatchObject({ a: '0', b: '1', c: '2', d: '3' });
    expect(data?.['seen']).not.toBe(made.metadata.resourceVersion);
  });
});

function at(path: string): ValidatingWebhook['clientConfig'] {
  return { url: `https://127.0.0.1:${port}${path}`, caBundle: base64(certificates.authority) };
}

function rule(changes: object): NonNullable<ValidatingWebhook['rules']>[number] {
  return { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], ...changes };
}
