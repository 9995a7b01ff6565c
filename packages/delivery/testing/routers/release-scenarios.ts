/** Releases through a router of another project that follows late: no request goes where nobody is ready. */
import { isConditionTrue } from '@slipway/kube/conditions';
import type { CustomResourceDefinition, Pod } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { customResourceDefinitions, endpointSlices, pods } from '@slipway/kube/resources';
import { splits, type ParentReference } from '@slipway/kube/split';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ApplicationSpec, Strategy } from '../../src/api/application.ts';
import type { Router } from '../../src/routers/router.ts';
import { createDeliveryCluster, type DeliveryCluster } from '../delivery-cluster.ts';
import { ModelledRouter, type ModelRequest, type TrafficModel } from './traffic-model.ts';

export interface ReleaseSubject<T extends KubeObject> {
  readonly router: Router<T>;
  readonly model: TrafficModel<T>;
  readonly definitions: readonly CustomResourceDefinition[];
  readonly parentRefs?: readonly ParentReference[] | undefined;
}

const lagMilliseconds = 3_000;
const propagationSeconds = 4;
const stepMilliseconds = 250;
/** Of real time, on a machine that does much else. */
const timeout = 120_000;
const request = { host: 'shop.example.org', path: '/', headers: {} };

export function describeReleases<T extends KubeObject>(subject: ReleaseSubject<T>): void {
  const { router } = subject;
  let cluster: DeliveryCluster;
  let model: ModelledRouter<T>;
  let stopping: AbortController;

  // Reading it takes real time, in which virtual time would run on.
  beforeAll(() => import('../../src/routers/route-controller.ts'));
  beforeEach(async () => {
    cluster = await createDeliveryCluster();
    stopping = new AbortController();
    for (const definition of subject.definitions) await cluster.client.create(customResourceDefinitions, definition);
    await cluster.advance(1_000);
    const { client, clock } = cluster;
    model = new ModelledRouter(subject.model, { client, clock, signal: stopping.signal, lagMilliseconds });
    model.start();
  });
  afterEach(async () => {
    stopping.abort(new Error('the test has ended'));
    await cluster.stop();
  });

  function spec(image: string, strategy: Strategy, propagation = propagationSeconds): Partial<ApplicationSpec> {
    const { parentRefs } = subject;
    const parents = parentRefs === undefined ? {} : { parentRefs };
    return {
      replicas: 2,
      template: { spec: { containers: [{ name: 'web', image }] } },
      service: { ports: [{ name: 'http', port: 80 }] },
      route: { hosts: [request.host], through: router.name, propagationSeconds: propagation, ...parents },
      strategy,
      progressDeadlineSeconds: 300,
      // Nothing but the confirmation keeps the pods of the version before.
      guardSeconds: 0,
      drainSeconds: 0,
    };
  }

  async function firstRelease(strategy: Strategy): Promise<void> {
    await cluster.deploy(spec('a', strategy));
    for (let look = 0; look < 400 && model.send(request).service === undefined; look += 1)
      await cluster.advance(stepMilliseconds);
    for (let look = 0; look < 400 && (await cluster.release('1')).status?.phase !== 'Succeeded'; look += 1)
      await cluster.advance(stepMilliseconds);
    expect((await cluster.release('1')).status?.phase).toBe('Succeeded');
  }

  /** Ready pods that stand behind the Service now. */
  async function readyBehind(service: string): Promise<readonly Pod[]> {
    const labelSelector = `kubernetes.io/service-name=${service}`;
    const slices = await cluster.client.list(endpointSlices, { namespace: 'default', labelSelector });
    const names = slices.items.flatMap(({ endpoints }) =>
      (endpoints ?? []).flatMap(({ conditions, targetRef }) =>
        conditions?.ready === false ? [] : [targetRef?.name ?? ''],
      ),
    );
    const { items } = await cluster.client.list(pods, { namespace: 'default' });
    return items.filter(
      ({ metadata, status }) =>
        names.includes(metadata.name ?? '') &&
        metadata.deletionTimestamp === undefined &&
        isConditionTrue(status?.conditions, 'Ready'),
    );
  }

  /** Requests all the time; each Service that one went to, in the order of the first. */
  async function requestsUntil(
    isOver: () => Promise<boolean>,
    more: Partial<ModelRequest> = {},
  ): Promise<readonly string[]> {
    const met = new Set<string>();
    for (let look = 0; look < 1_200; look += 1) {
      if (await isOver()) return [...met];
      const services = Array.from({ length: 4 }, () => model.send({ ...request, ...more }).service ?? 'nobody');
      for (const service of new Set(services)) {
        met.add(service);
        expect(`${service}: ${(await readyBehind(service)).length > 0 ? 'ready' : 'not ready'}`).toBe(
          `${service}: ready`,
        );
      }
      await cluster.advance(stepMilliseconds);
    }
    throw new Error(`it is not over: ${(await cluster.application()).status?.waitingFor ?? 'nothing is waited for'}`);
  }

  async function isIn(version: string, phase: string): Promise<boolean> {
    return (await cluster.release(version).catch(() => undefined))?.status?.phase === phase;
  }

  async function services(): Promise<readonly string[]> {
    const { spec: asked } = await cluster.client.get(splits, { namespace: 'default', name: 'shop' });
    return asked.rules[0]?.backends.flatMap(({ service, weight }) => (weight > 0 ? [service] : [])) ?? [];
  }

  test('a canary gets its shares, and no request goes to a pod that is not ready', { timeout }, async () => {
    const strategy = {
      type: 'canary',
      canary: { steps: [{ setWeight: 20 }, { pause: { seconds: 10 } }, { setWeight: 60 }] },
    };
    await firstRelease(strategy);
    const stable = await services();
    await cluster.deploy(spec('b', strategy));
    const met = await requestsUntil(() => isIn('2', 'Succeeded'));
    expect(met).toEqual([...stable, ...(await services())]);
    await requestsUntil(async () => (await cluster.client.list(pods, { namespace: 'default' })).items.length === 2);
    expect(model.count(request, 20)).toEqual({ [(await services()).join()]: 20 });
  });

  test('a canary that is aborted goes back without a request to a pod that is not ready', { timeout }, async () => {
    const strategy = { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: {} }] } };
    await firstRelease(strategy);
    const stable = await services();
    await cluster.deploy(spec('b', strategy));
    await requestsUntil(() => isIn('2', 'Paused'));
    await cluster.command('abort');
    await requestsUntil(() => isIn('2', 'RolledBack'));
    expect(model.count(request, 20)).toEqual({ [stable.join()]: 20 });
  });

  test('a blue-green release moves all requests at once, to pods that are ready', { timeout }, async () => {
    const strategy = { type: 'blueGreen', blueGreen: {} };
    await firstRelease(strategy);
    const stable = await services();
    await cluster.deploy(spec('b', strategy));
    const met = await requestsUntil(() => isIn('2', 'Succeeded'));
    expect(met).toEqual([...stable, ...(await services())]);
  });

  test('a router that is given no time to follow loses requests: these scenarios would tell', { timeout }, async () => {
    const strategy = { type: 'blueGreen', blueGreen: {} };
    await firstRelease(strategy);
    await cluster.deploy(spec('b', strategy, 0));
    await expect(requestsUntil(() => Promise.resolve(false))).rejects.toThrow('not ready');
  });

  test('an Application that is deleted leaves nothing at the router', { timeout }, async () => {
    const strategy = { type: 'blueGreen', blueGreen: {} };
    await firstRelease(strategy);
    const { metadata } = await cluster.application();
    await cluster.client.delete(
      { group: 'slipway.dev', version: 'v1alpha1', kind: 'Application', plural: 'applications', namespaced: true },
      { namespace: 'default', name: metadata.name ?? '' },
    );
    await cluster.advance(60_000);
    expect((await cluster.client.list(router.type, { namespace: 'default' })).items).toEqual([]);
    expect((await cluster.client.list(pods, { namespace: 'default' })).items).toEqual([]);
  });
}
