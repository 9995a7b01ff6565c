/** What every router of another project keeps to: one suite, in virtual time, against its kinds in the embedded API. */
import { keyOf, type KubeObject } from '@slipway/kube/object';
import { splits, type ParentReference, type SplitBackend, type SplitRule, type SplitSpec } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { annotations } from '../src/names.ts';
import { askedOf } from '../src/routers/router.ts';
import {
  createRouterCluster,
  lagMilliseconds,
  propagationSeconds,
  splitKey,
  type RouterCluster,
  type RouterClusterOptions,
} from './routers/router-cluster.ts';

export interface RouterSubject<T extends KubeObject> extends RouterClusterOptions<T> {
  readonly parentRefs?: readonly ParentReference[] | undefined;
  /** A merge patch with what somebody else wants in the main object: additions to what is ours, and a rule of his own. */
  readonly additions: (object: T) => object;
  /** Whether all of that is still there. */
  readonly keeps: (object: T) => boolean;
  /** Whether the rule of his own is. */
  readonly keepsRule: (object: T) => boolean;
  /** A merge patch that sends everybody to the second version. */
  readonly drift: (object: T) => object;
  /** Where the weights stand, when it is not the object of the Application's name. */
  readonly weightsIn?: string | undefined;
  /** What somebody who applies the main object says in place of what we say. */
  readonly claim: object;
}

const host = 'shop.example.org';
const request = { host, path: '/cart', headers: {} };
const settle = lagMilliseconds + 1_000 * propagationSeconds + 1_000;

export function backend(version: string, weight: number): SplitBackend {
  return { service: `shop-${version}`, port: 80, version, weight };
}

export function rule(more: Partial<SplitRule> = {}): SplitRule {
  return { hosts: [host], paths: ['/'], backends: [backend('1', 100)], ...more };
}

export function describeRouter<T extends KubeObject>(subject: RouterSubject<T>): void {
  const { router, parentRefs } = subject;
  const name = splitKey.name;
  let cluster: RouterCluster<T>;

  beforeEach(async () => {
    cluster = await createRouterCluster(subject);
  });
  afterEach(() => cluster.stop());

  function asked(...rules: readonly SplitRule[]): Omit<SplitSpec, 'application'> {
    return { through: router.name, rules, propagationSeconds, ...(parentRefs === undefined ? {} : { parentRefs }) };
  }

  async function settled(...rules: readonly SplitRule[]): Promise<void> {
    await cluster.setSplit(asked(...rules));
    await cluster.advance(settle);
  }

  async function main(): Promise<T> {
    const object = (await cluster.objects()).get(name);
    if (object === undefined) throw new Error(`there is no object named ${name}`);
    return object;
  }

  async function edit(patchFor: (object: T) => object, of = name): Promise<void> {
    const object = (await cluster.objects()).get(of);
    if (object === undefined) throw new Error(`there is no object named ${of}`);
    const options = { fieldManager: 'kubectl-edit' };
    await cluster.client.patch(router.type, keyOf(object), { type: 'merge', body: patchFor(object) }, options);
  }

  async function readBack(): Promise<unknown> {
    return router.readBack(await cluster.split(), await cluster.objects());
  }

  async function conflicts(): Promise<string> {
    return ((await cluster.entry())?.conflicts ?? []).join();
  }

  describe('a Split', () => {
    test('is in force, and only then confirmed', async () => {
      await cluster.setSplit(asked(rule()));
      await cluster.advance(lagMilliseconds / 2 - 100);
      expect((await cluster.objects()).size).toBeGreaterThan(0);
      expect(cluster.model.count(request, 10)).toEqual({ '': 10 });
      expect(await cluster.isConfirmed()).toBe(false);
      await cluster.advance(settle);
      expect(cluster.model.count(request, 10)).toEqual({ 'shop-1': 10 });
      expect(await cluster.isConfirmed()).toBe(true);
      expect(await conflicts()).toBe('');
    });

    test('is not confirmed before the propagation is over', async () => {
      await cluster.setSplit(asked(rule()));
      await cluster.advance(1_000 * propagationSeconds - 500);
      expect(await cluster.isConfirmed()).toBe(false);
    });

    test('divides requests by its weights, and they are read back', async () => {
      await settled(rule());
      await settled(rule({ backends: [backend('1', 75), backend('2', 25)] }));
      expect(await readBack()).toEqual(askedOf(await cluster.split()));
      const { 'shop-1': stable = 0, 'shop-2': candidate = 0 } = cluster.model.count(request, 10_000);
      expect(stable + candidate).toBe(10_000);
      expect(Math.abs(candidate - 2_500)).toBeLessThan(200);
    });

    test('moves back and forth without a request to anybody else, and each generation is confirmed anew', async () => {
      await settled(rule());
      for (const weight of [0, 40, 100, 0]) {
        await cluster.setSplit(asked(rule({ backends: [backend('1', 100 - weight), backend('2', weight)] })));
        await cluster.advance(500);
        expect(await cluster.isConfirmed()).toBe(false);
        for (let time = 0; time < settle; time += 500) {
          const { '': lost = 0, ...others } = cluster.model.count(request, 5);
          expect(lost).toBe(0);
          expect(['shop-1', 'shop-2']).toEqual(expect.arrayContaining(Object.keys(others)));
          await cluster.advance(500);
        }
        expect(await cluster.isConfirmed()).toBe(true);
        expect(await readBack()).toEqual(askedOf(await cluster.split()));
      }
    });

    test('leads to a third version when the second has no weight, and never to one that is named no more', async () => {
      await settled(rule({ backends: [backend('1', 50), backend('2', 50)] }));
      await settled(rule({ backends: [backend('1', 0), backend('2', 100)] }));
      await settled(rule({ backends: [backend('2', 100), backend('3', 0)] }));
      await cluster.setSplit(asked(rule({ backends: [backend('2', 50), backend('3', 50)] })));
      for (let time = 0; time < settle; time += 250) {
        expect(cluster.model.count(request, 10)).not.toHaveProperty('shop-1');
        await cluster.advance(250);
      }
      expect(Object.keys(cluster.model.count(request, 100)).toSorted()).toEqual(['shop-2', 'shop-3']);
    });

    test('has paths by whole elements, and hosts of a preview', async () => {
      const preview = rule({ hosts: ['next.example.org'], backends: [backend('2', 100)] });
      await settled(rule({ paths: ['/shop'] }), preview);
      expect(cluster.model.send({ ...request, path: '/shop/cart' }).service).toBe('shop-1');
      expect(cluster.model.send({ ...request, path: '/shopping' }).service).toBeUndefined();
      expect(cluster.model.send({ ...request, host: 'next.example.org' }).service).toBe('shop-2');
      await settled(rule({ paths: ['/shop'] }));
      expect(cluster.model.send({ ...request, host: 'next.example.org' }).service).toBeUndefined();
      expect(await cluster.isConfirmed()).toBe(true);
    });

    test('leads single users by a header', async () => {
      const backends = [backend('1', 100), backend('2', 0)];
      const matches = [{ headers: [{ name: 'X-Group', exact: 'beta' }], service: 'shop-2' }];
      await settled(rule({ backends, matches }));
      expect(cluster.model.count({ ...request, headers: { 'x-group': 'beta' } }, 20)).toEqual({ 'shop-2': 20 });
      expect(cluster.model.count({ ...request, headers: { 'x-group': 'other' } }, 20)).toEqual({ 'shop-1': 20 });
      expect(cluster.model.count(request, 20)).toEqual({ 'shop-1': 20 });
      await settled(rule({ backends }));
      expect(cluster.model.count({ ...request, headers: { 'x-group': 'beta' } }, 20)).toEqual({ 'shop-1': 20 });
    });
  });

  describe('what others put into the objects', () => {
    test('stays through a release', async () => {
      await settled(rule());
      await edit(subject.additions);
      await settled(rule({ backends: [backend('1', 80), backend('2', 20)] }));
      await settled(rule({ backends: [backend('1', 0), backend('2', 100)] }));
      expect(subject.keeps(await main())).toBe(true);
      expect(await cluster.isConfirmed()).toBe(true);
      expect(await readBack()).toEqual(askedOf(await cluster.split()));
    });

    test('stays when the route goes', async () => {
      await settled(rule());
      await edit(subject.additions);
      await settled();
      expect(await cluster.isConfirmed()).toBe(true);
      expect(subject.keepsRule(await main())).toBe(true);
      expect((await main()).metadata.annotations ?? {}).not.toHaveProperty(annotations.ownerUid);
      expect(cluster.model.send(request).service).toBeUndefined();
    });

    test('does not change where requests go for long', async () => {
      await settled(rule({ backends: [backend('1', 90), backend('2', 10)] }));
      await edit(subject.drift, subject.weightsIn);
      await cluster.advance(settle);
      expect(await readBack()).toEqual(askedOf(await cluster.split()));
      expect(await cluster.isConfirmed()).toBe(true);
    });

    test('is told, and not fought over, where it is applied again and again', async () => {
      await settled(rule());
      const { apiVersion, kind } = await main();
      const body = { apiVersion, kind, metadata: splitKey, ...subject.claim };
      const options = { fieldManager: 'fleet' };
      await cluster.client.patch(router.type, splitKey, { type: 'apply', body, force: true }, options);
      await cluster.advance(settle);
      expect(await cluster.isConfirmed()).toBe(false);
      expect(await conflicts()).toMatch(/^FieldConflict: .* default\/shop is applied by somebody else too: .*"fleet"/);
      expect(await main()).toMatchObject(subject.claim);
    });
  });

  test('an object of the name that is not ours is told, and left alone', async () => {
    await settled(rule());
    const object = await main();
    await cluster.client.delete(splits, splitKey);
    await cluster.client.delete(router.type, splitKey);
    const created = await cluster.client.create(router.type, { ...object, metadata: splitKey });
    await cluster.advance(1_000);
    await settled(rule({ backends: [backend('2', 100)] }));
    expect(await cluster.isConfirmed()).toBe(false);
    expect(await conflicts()).toMatch(/^NameConflict: the .* default\/shop exists and does not belong/);
    expect((await main()).metadata.generation).toBe(created.metadata.generation);
    await cluster.setSplit(asked());
    await cluster.advance(settle);
    expect(await cluster.isConfirmed()).toBe(true);
    expect((await main()).metadata.uid).toBe(created.metadata.uid);
  });

  describe('the end of a route', () => {
    test('leaves nothing behind', async () => {
      await settled(rule({ backends: [backend('1', 90), backend('2', 10)] }), rule({ hosts: ['next.example.org'] }));
      await cluster.setSplit(asked());
      await cluster.advance(500);
      expect(await cluster.isConfirmed()).toBe(false);
      await cluster.advance(settle);
      expect((await cluster.objects()).size).toBe(0);
      expect(cluster.model.send(request).service).toBeUndefined();
      expect(await cluster.isConfirmed()).toBe(true);
    });

    test('comes when another router has confirmed that it carries the requests, not before', async () => {
      await settled(rule());
      await cluster.setSplit({ rules: [rule()] });
      await cluster.advance(settle);
      expect(cluster.model.send(request).service).toBe('shop-1');
      const { metadata, status } = await cluster.split();
      const inForceSince = '2026-01-01T00:00:00.000000Z';
      const taken = { name: 'gateway-0', observedGeneration: metadata.generation, inForceSince };
      const instances = [...(status?.instances ?? []), taken];
      const body = { status: { instances } };
      await cluster.client.patch(splits, splitKey, { type: 'merge', body }, { subresource: 'status' });
      await cluster.advance(settle);
      expect((await cluster.objects()).size).toBe(0);
      expect((await cluster.split()).status?.instances?.map((each) => each.name)).toEqual(['gateway-0']);
    });
  });

  test.each([1, 2, 3, 4, 5])('a controller that is killed after %i writes is followed by another', async (writes) => {
    await settled(rule({ backends: [backend('1', 90), backend('2', 10)] }));
    cluster.killAfter(writes);
    await cluster.setSplit(asked(rule({ backends: [backend('1', 0), backend('2', 100)] })));
    for (let time = 0; time < settle; time += 500) {
      expect(Object.keys(cluster.model.count(request, 5))).not.toContain('');
      await cluster.advance(500);
    }
    await settled(rule({ backends: [backend('2', 100)] }));
    expect(await readBack()).toEqual(askedOf(await cluster.split()));
    expect(cluster.model.count(request, 5)).toEqual({ 'shop-2': 5 });
    expect(await cluster.isConfirmed()).toBe(true);
  });
}
