/** Webhooks as the API asks them: a real server with TLS answers. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ValidatingWebhook } from '@slipway/kube/api.generated';
import { configMaps, namespaces, pods, services, validatingWebhookConfigurations } from '@slipway/kube/resources';
import { createMemoryCluster } from '../../../testing/memory-cluster.ts';
import { base64, key, rule, startJudge, type Judge, WebhookWorld } from '../../../testing/webhook-world.ts';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { callWebhook } from './call-webhook.ts';

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

describe('a validating webhook', () => {
  it('is told what is asked by whom, and what there was before', async () => {
    await world.validating({});
    const made = await world.create();
    await world.cluster.client.update(configMaps, { ...made, data: { a: '2' } });
    await world.cluster.client.delete(configMaps, key);
    expect(judge.reviews.map(({ operation, object, oldObject }) => [operation, object?.data, oldObject?.data])).toEqual(
      [
        ['CREATE', { a: '1' }, undefined],
        ['UPDATE', { a: '2' }, { a: '1' }],
        ['DELETE', undefined, { a: '2' }],
      ],
    );
    expect(judge.reviews[0]).toMatchObject({
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
    await world.validating({});
    judge.answer = () => given;
    await expect(world.create()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await expect(world.cluster.client.get(configMaps, key)).rejects.toMatchObject({ reason: 'NotFound' });
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
    await world.validating(hook);
    await world.create();
    expect(judge.reviews).toEqual([]);
  });

  it.each<{ name: string; hook: Partial<ValidatingWebhook> }>([
    { name: 'everything', hook: { rules: [rule({ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] })] } },
    { name: 'its namespace', hook: { namespaceSelector: { matchLabels: { judged: 'yes' } } } },
    { name: 'what meets a condition', hook: { matchConditions: [{ name: 'a', expression: 'object.data.a == "1"' }] } },
  ])('is asked where it wants $name', async ({ hook }) => {
    await world.validating(hook);
    await world.create();
    expect(judge.reviews).toHaveLength(1);
  });

  it('is not asked, and fails the write, where a condition is neither true nor false', async () => {
    await world.validating({ matchConditions: [{ name: 'text', expression: 'object.data.a' }] });
    await expect(world.create()).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('condition "text" must give a bool'),
    });
    expect(judge.reviews).toEqual([]);
  });

  it('fails what it cannot be asked about, unless that is to be ignored', async () => {
    judge.answer = () => undefined;
    await world.validating({ failurePolicy: 'Fail' });
    await expect(world.create()).rejects.toMatchObject({
      reason: 'InternalError',
      message: expect.stringContaining(
        'failed calling webhook "judge0.example.com": failed to call webhook: Post "https://',
      ),
    });
    await world.cluster.client.delete(validatingWebhookConfigurations, { name: 'judges' });
    await world.validating({ failurePolicy: 'Ignore' });
    await expect(world.create()).resolves.toMatchObject({ metadata: key });
  });

  it('is trusted by its bundle alone', async () => {
    await world.validating({ clientConfig: { url: `https://127.0.0.1:${judge.port}/judge` } });
    await expect(world.create()).rejects.toMatchObject({ message: expect.stringContaining('certificate') });
  });

  it('is reached through a Service, by the name of which it proves itself', async () => {
    const spec = { clusterIP: 'None', ports: [{ port: judge.port }] };
    await world.cluster.client.create(services, { metadata: { name: 'judge', namespace: 'team' }, spec });
    const service = { namespace: 'team', name: 'judge', port: judge.port };
    await world.validating({ clientConfig: { service, caBundle: base64(judge.certificates.authority) } });
    await expect(world.create()).rejects.toMatchObject({
      message: expect.stringContaining('"judge" has no cluster IP'),
    });
    const url = new URL(`https://judge.team.svc:${judge.port}/`);
    const review = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: 'u' } });
    const endpoint = { url, address: '127.0.0.1', authority: judge.certificates.authority };
    const { signal } = new AbortController();
    expect(await callWebhook(endpoint, review, signal)).toMatchObject({ response: { uid: 'u' } });
    const other = { ...endpoint, url: new URL(`https://other.team.svc:${judge.port}/`) };
    await expect(callWebhook(other, review, signal)).rejects.toThrow('other.team.svc');
  });

  it('is reached at an address of IPv6, which is no name', async () => {
    const review = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: 'u' } });
    // Where it listens in truth, which machines without IPv6 have too.
    const url = new URL(`https://[::1]:${judge.port}/`);
    const endpoint = { url, address: '127.0.0.1', authority: judge.certificates.authority };
    const { signal } = new AbortController();
    expect(await callWebhook(endpoint, review, signal)).toMatchObject({ response: { uid: 'u' } });
  });

  it('is waited for as long as it says', async () => {
    const clock = new FakeClock();
    const waiting = await createMemoryCluster({ clock });
    await waiting.client.create(validatingWebhookConfigurations, {
      metadata: { name: 'judges' },
      webhooks: [world.webhook({ timeoutSeconds: 3, clientConfig: world.at('/never') })],
    });
    const creating = waiting.client.create(configMaps, { metadata: { name: 'config', namespace: 'default' } });
    const refusal = creating.catch((error: unknown) => error);
    await vi.waitFor(() => expect(judge.reviews).toHaveLength(1), { timeout: 20_000 });
    await clock.advance(3_000);
    expect(await refusal).toMatchObject({
      message: expect.stringMatching(/\/never\?timeout=3s": context deadline exceeded/),
    });
    await waiting.close();
  });

  it('is asked of a try only if it may be', async () => {
    await world.validating({ sideEffects: 'NoneOnDryRun' });
    await world.create({ a: '1' }, { dryRun: true });
    expect(judge.reviews).toMatchObject([{ dryRun: true, options: { dryRun: ['All'] } }]);
  });
});

describe('a webhook that is asked of a delete', () => {
  beforeEach(() => world.validating({ rules: [rule({ operations: ['DELETE'], resources: ['configmaps', 'pods'] })] }));

  it('is asked again of what the object has become meanwhile', async () => {
    await world.create({ a: '1' });
    judge.answer = async ({ oldObject }) => {
      if (oldObject?.data?.['a'] !== '1') return { allowed: false };
      await world.cluster.client.patch(configMaps, key, { type: 'merge', body: { data: { a: '2' } } });
      return { allowed: true };
    };
    await expect(world.cluster.client.delete(configMaps, key)).rejects.toMatchObject({ code: 400 });
    expect(judge.reviews.map(({ oldObject }) => oldObject?.data)).toEqual([{ a: '1' }, { a: '2' }]);
    expect(await world.cluster.client.get(configMaps, key)).toMatchObject({ data: { a: '2' } });
  });

  it('is told how it is deleted, and its warnings reach the caller', async () => {
    const { metadata } = await world.create();
    judge.answer = () => ({ allowed: true, warnings: ['think twice'] });
    const preconditions = { uid: metadata.uid };
    const json = { gracePeriodSeconds: 5, propagationPolicy: 'Foreground', preconditions };
    const { headers } = await world.send({ method: 'DELETE', name: '/config', body: { json } });
    expect(headers).toMatchObject({ warning: '299 - "think twice"' });
    expect(judge.reviews[0]?.options).toEqual({ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...json });
  });

  it('is not asked of an eviction', async () => {
    const containers = [{ name: 'web', image: 'web' }];
    await world.cluster.client.create(pods, { metadata: { name: 'web', namespace: 'team' }, spec: { containers } });
    const json = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } };
    const sent = await world.send({ method: 'POST', resource: 'pods', name: '/web/eviction', body: { json } });
    expect(sent).toMatchObject({ status: 201 });
    await expect(world.cluster.client.get(pods, { namespace: 'team', name: 'web' })).rejects.toMatchObject({
      code: 404,
    });
    expect(judge.reviews).toEqual([]);
  });
});

describe('a webhook that is asked of updates', () => {
  it('is not asked of the mark that an eviction leaves on its pod', async () => {
    const resources = ['pods', 'pods/status'];
    await world.validating({ rules: [{ operations: ['UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources }] });
    const spec = { containers: [{ name: 'web', image: 'web' }] };
    await world.cluster.client.create(pods, {
      metadata: { name: 'web', namespace: 'team', finalizers: ['a.b/c'] },
      spec,
    });
    const json = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } };
    await world.send({ method: 'POST', resource: 'pods', name: '/web/eviction', body: { json } });
    const { status } = await world.cluster.client.get(pods, { namespace: 'team', name: 'web' });
    expect(status?.conditions).toMatchObject([{ type: 'DisruptionTarget', status: 'True' }]);
    expect(judge.reviews).toEqual([]);
  });
});

describe('a namespace', () => {
  it('that begins to go while webhooks are asked gets nothing new', async () => {
    await world.validating({});
    judge.answer = async () => {
      await world.cluster.client.delete(namespaces, { name: 'team' });
      return { allowed: true };
    };
    await expect(world.create()).rejects.toMatchObject({
      code: 403,
      message: expect.stringContaining('because it is being terminated'),
    });
  });
});
