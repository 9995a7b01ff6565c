/** Webhooks that change what is written. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MutatingWebhook } from '@slipway/kube/api.generated';
import { configMaps, mutatingWebhookConfigurations } from '@slipway/kube/resources';
import { createMemoryCluster } from '../../../testing/memory-cluster.ts';
import { key, patched, startJudge, type Judge, WebhookWorld } from '../../../testing/webhook-world.ts';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';

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

const set = (field: string, value: string): object => ({ op: 'add', path: `/data/${field}`, value });

describe('a mutating webhook', () => {
  it('changes what is created and what is updated', async () => {
    await world.mutating({});
    judge.answer = ({ operation }) => patched(set('by', operation));
    const made = await world.create();
    expect(made.data).toEqual({ a: '1', by: 'CREATE' });
    const updated = await world.cluster.client.update(configMaps, { ...made, data: { a: '2' } });
    expect(updated.data).toEqual({ a: '2', by: 'UPDATE' });
    expect(updated.metadata.uid).toBe(made.metadata.uid);
  });

  it('owns no field by what it adds', async () => {
    await world.mutating({});
    judge.answer = () => patched(set('added', 'x'));
    const { metadata } = await world.create();
    expect(JSON.stringify(metadata.managedFields)).not.toContain('added');
  });

  it('comes before those who judge, and its work is validated', async () => {
    await world.mutating({});
    await world.validating({});
    judge.answer = ({ object }) => (object?.data?.['by'] === undefined ? patched(set('by', 'x')) : { allowed: true });
    await world.create();
    expect(judge.reviews.map(({ object }) => object?.data)).toEqual([{ a: '1' }, { a: '1', by: 'x' }]);
  });

  it.each<{ name: string; operation: object }>([
    { name: 'takes the metadata away', operation: { op: 'remove', path: '/metadata' } },
    { name: 'leaves no metadata', operation: { op: 'replace', path: '/metadata', value: 'none' } },
    { name: 'leaves no object', operation: { op: 'replace', path: '', value: null } },
    { name: 'changes what is not there', operation: { op: 'replace', path: '/spec/none', value: 1 } },
    { name: 'gives a field of another form', operation: { op: 'add', path: '/data', value: 7 } },
    { name: 'gives labels of another form', operation: { op: 'add', path: '/metadata/labels', value: 7 } },
  ])('is named where its patch $name', async ({ operation }) => {
    await world.mutating({ failurePolicy: 'Ignore' }, {});
    judge.answer = () => patched(operation);
    await expect(world.create()).rejects.toMatchObject({
      code: 500,
      message: expect.stringContaining('the patch of admission webhook "editor0.example.com" cannot be applied: '),
    });
  });

  it('is no reason to complain to the author of fields that it adds', async () => {
    await world.mutating({});
    judge.answer = () => patched({ op: 'add', path: '/unknown', value: 'x' });
    const json = { metadata: key };
    const { status } = await world.send({ method: 'POST', query: 'fieldValidation=Strict', body: { json } });
    expect(status).toBe(201);
  });

  it('that takes back what was to be changed leaves the object as it is', async () => {
    const made = await world.create({ a: '1' });
    await world.mutating({});
    judge.answer = () => patched(set('a', '1'));
    const updated = await world.cluster.client.update(configMaps, { ...made, data: { a: '2' } });
    expect(updated.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  it('shares thirty seconds with all others, whatever its failures are to be', async () => {
    const clock = new FakeClock();
    const waiting = await createMemoryCluster({ clock });
    const slow = world.webhook<MutatingWebhook>({ failurePolicy: 'Ignore', clientConfig: world.at('/never') });
    const webhooks = [1, 2, 3, 4].map((each) => ({ ...slow, name: `slow${each}.example.com` }));
    await waiting.client.create(mutatingWebhookConfigurations, { metadata: { name: 'slow' }, webhooks });
    const creating = waiting.client.create(configMaps, { metadata: { name: 'config', namespace: 'default' } });
    const refusal = creating.catch((error: unknown) => error);
    for (const asked of [1, 2, 3]) {
      await vi.waitFor(() => expect(judge.reviews).toHaveLength(asked), { timeout: 20_000 });
      await clock.advance(10_000);
    }
    expect(await refusal).toMatchObject({
      reason: 'Timeout',
      message: 'the request has taken too long when admission webhook "slow3.example.com" was to be asked',
    });
    expect(judge.reviews).toHaveLength(3);
    await waiting.close();
  });

  it('is not waited for by somebody who has gone', async () => {
    await world.mutating({ failurePolicy: 'Ignore', clientConfig: world.at('/never') });
    const client = new AbortController();
    const sending = world.send({ method: 'POST', body: { json: { metadata: key } }, signal: client.signal });
    await vi.waitFor(() => expect(judge.reviews).toHaveLength(1), { timeout: 20_000 });
    client.abort(new Error('the client went away'));
    expect(await sending).toMatchObject({ status: 504 });
    await expect(world.cluster.client.get(configMaps, key)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('is asked again, once, if another one has changed the object after it', async () => {
    await world.mutating(
      { reinvocationPolicy: 'IfNeeded', clientConfig: world.at('/first') },
      { clientConfig: world.at('/second') },
    );
    const asked: string[] = [];
    judge.answer = (_, path) => {
      asked.push(path.split('?')[0] ?? '');
      return patched(set(`n${asked.length}`, 'x'));
    };
    expect((await world.create()).data).toEqual({ a: '1', n1: 'x', n2: 'x', n3: 'x' });
    expect(asked).toEqual(['/first', '/second', '/first']);
  });

  it('is asked about the newest of an object that others change meanwhile', async () => {
    const made = await world.create({ a: '0' });
    await world.mutating({});
    judge.answer = ({ object }) => patched(set('seen', object?.metadata.resourceVersion ?? ''));
    const merge = (data: Record<string, string>) =>
      world.cluster.client.patch(configMaps, key, { type: 'merge', body: { data } });
    await Promise.all([merge({ b: '1' }), merge({ c: '2' }), merge({ d: '3' })]);
    const { data } = await world.cluster.client.get(configMaps, key);
    expect(data).toMatchObject({ a: '0', b: '1', c: '2', d: '3' });
    expect(data?.['seen']).not.toBe(made.metadata.resourceVersion);
  });
});
