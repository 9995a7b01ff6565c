/** Webhooks as the API asks them: a real server with TLS answers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigMap, MutatingWebhook, ValidatingWebhook } from '@slipway/kube/api.generated';
import {
  configMaps,
  mutatingWebhookConfigurations,
  namespaces,
  services,
  validatingWebhookConfigurations,
} from '@slipway/kube/resources';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { loadCertificates, type ClusterCertificates } from '../../pki/certificates.ts';
import { callWebhook } from './call-webhook.ts';

interface Review {
  readonly uid: string;
  readonly operation: string;
  readonly name?: string;
  readonly subResource?: string;
  readonly object: ConfigMap | null;
  readonly oldObject: ConfigMap | null;
  readonly dryRun: boolean;
  readonly userInfo: { readonly username: string };
  readonly options: object;
}

type Answer = (review: Review, path: string) => object | undefined;

const key = { namespace: 'team', name: 'config' };

let directory: string;
let certificates: ClusterCertificates;
let server: Server;
let port: number;
let cluster: MemoryCluster;
let reviews: Review[];
let answer: Answer;
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
    const given = answer(review, request.url ?? '');
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
  cluster = await createMemoryCluster();
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
    answer = () => patched({ op: 'add', path: '/data', value: 7 });
    await expect(
      cluster.client.create(configMaps, { metadata: { ...key, name: 'other' }, data: {} }),
    ).rejects.toMatchObject({ code: expect.toSatisfy((code: number) => code >= 400) });
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
