/** Releases through routers, and handovers between them, end well, with nobody unserved, whichever write the controller dies after. */
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { carriersOf, splits } from '@slipway/kube/split';
import { beforeAll, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { canaryIngressModel } from '../../testing/routers/canary-ingress-model.ts';
import { httpRouteDefinition, virtualServiceDefinition } from '../../testing/routers/definitions.ts';
import { httpRouteModel } from '../../testing/routers/http-route-model.ts';
import { ModelledRouter, type ModelRequest, type TrafficModel } from '../../testing/routers/traffic-model.ts';
import { virtualServiceModel } from '../../testing/routers/virtual-service-model.ts';
import type { ApplicationRoute } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import { backendName } from '../names.ts';

const request: ModelRequest = { host: 'shop.example.org', path: '/', headers: {} };
const stepMilliseconds = 500;
const maximumSteps = 200;

type Through = 'gateway' | 'gatewayApi' | 'istio' | 'ingressNginx';

const route: ApplicationRoute = { hosts: [request.host], handoverSeconds: 5 };
const foreign: ApplicationRoute = { ...route, propagationSeconds: 1 };
const routes: Readonly<Record<Through, ApplicationRoute>> = {
  gateway: route,
  gatewayApi: { ...foreign, through: 'gatewayApi', parentRefs: [{ name: 'public' }] },
  istio: { ...foreign, through: 'istio' },
  ingressNginx: { ...foreign, through: 'ingressNginx' },
};

/** What requests meet that come by one router. */
interface Entrance {
  readonly service: () => string | undefined;
  readonly countObjects: () => Promise<number>;
}

interface Stage {
  readonly cluster: DeliveryCluster;
  readonly stopping: AbortController;
  readonly entrances: Readonly<Record<Through, Entrance>>;
}

// Reading it takes real time, in which virtual time would run on.
beforeAll(() => import('./route-controller.ts'));

async function raise(crashAfterWrites: number | undefined): Promise<Stage> {
  const cluster = await createDeliveryCluster({ crashAfterWrites });
  const stopping = new AbortController();
  for (const definition of [httpRouteDefinition({ hasMirrorShare: true }), virtualServiceDefinition])
    await cluster.client.create(customResourceDefinitions, definition);
  await cluster.advance(1_000);
  const by = <T extends KubeObject>(model: TrafficModel<T>): Entrance => {
    const { client, clock } = cluster;
    const router = new ModelledRouter(model, { client, clock, signal: stopping.signal, lagMilliseconds: 500 });
    router.start();
    return {
      service: () => router.send(request).service,
      countObjects: () => count(cluster, model.type),
    };
  };
  // What the gateway confirms, it serves.
  const gateway = { service: () => 'any', countObjects: () => Promise.resolve(0) };
  const entrances = {
    gateway,
    gatewayApi: by(httpRouteModel),
    istio: by(virtualServiceModel),
    ingressNginx: by(canaryIngressModel),
  };
  return { cluster, stopping, entrances };
}

async function count(cluster: DeliveryCluster, type: ResourceType): Promise<number> {
  return (await cluster.client.list(type, { namespace: 'default' })).items.length;
}

async function strike({ cluster, stopping }: Stage): Promise<void> {
  stopping.abort(new Error('the test has ended'));
  await cluster.stop();
}

function deploy({ cluster }: Stage, through: Through, image = 'a'): Promise<void> {
  return cluster.deploy({
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ name: 'http', port: 80 }] },
    strategy: { type: 'blueGreen' },
    guardSeconds: 0,
    drainSeconds: 0,
    route: routes[through],
  });
}

/** Who carries, of the Split as it is written, and who of them has confirmed that. */
async function carriage({ cluster }: Stage): Promise<Readonly<Record<'names' | 'confirmed', readonly string[]>>> {
  const [split] = (await cluster.client.list(splits, { namespace: 'default' })).items;
  const names = split === undefined ? [] : carriersOf(split.spec);
  const heard = (split?.status?.instances ?? []).filter(
    ({ observedGeneration }) => observedGeneration === split?.metadata.generation,
  );
  const instanceOf = (name: string): string => (name === 'gateway' ? 'gateway-0' : name);
  return { names, confirmed: names.filter((each) => heard.some(({ name }) => name === instanceOf(each))) };
}

/** Every carrier that has once confirmed serves for as long as it is one. */
async function reach(stage: Stage, to: Through, from: Through | undefined): Promise<void> {
  const trusted = new Set<string>(from === undefined ? [] : [from]);
  for (let step = 0; step < maximumSteps; step += 1) {
    const { names, confirmed } = await carriage(stage);
    for (const name of confirmed) trusted.add(name);
    const unserved = Object.entries(stage.entrances).flatMap(([name, { service }]) =>
      names.includes(name) && trusted.has(name) && service() === undefined ? [name] : [],
    );
    expect(unserved, `at step ${step}`).toEqual([]);
    const left = from === undefined ? 0 : await stage.entrances[from].countObjects();
    if (names.join() === to && confirmed.join() === to && left === 0 && (await isAtRest(stage))) return;
    await stage.cluster.advance(stepMilliseconds);
  }
  throw new Error(`${to} does not carry alone: ${JSON.stringify((await stage.cluster.application()).status)}`);
}

async function isAtRest({ cluster }: Stage): Promise<boolean> {
  const { status } = await cluster.application();
  return status?.phase === 'Stable' && status.waitingFor === undefined;
}

/** Numbers of the first and the last write of what was tried. */
type Writes = readonly [first: number, last: number];

/** From an Application that serves through `from` on. */
async function play(from: Through, act: (stage: Stage) => Promise<void>, crashAfterWrites?: number): Promise<Writes> {
  const stage = await raise(crashAfterWrites);
  try {
    await deploy(stage, from);
    await reach(stage, from, undefined);
    const before = stage.cluster.deliveryWrites;
    await act(stage);
    return [before + 1, stage.cluster.deliveryWrites];
  } finally {
    await strike(stage);
  }
}

/** Once undisturbed, and once for each of its writes. */
async function playKilled(from: Through, act: (stage: Stage) => Promise<void>): Promise<void> {
  const [first, last] = await play(from, act);
  expect(last).toBeGreaterThan(first + 3);
  for (let write = first; write <= last; write += 1)
    await play(from, act, write).catch((cause: unknown) => {
      throw new Error(`killed after write ${write} of ${first} to ${last}`, { cause });
    });
}

const timeout = 300_000;

test.each<[Through, Through]>([
  ['gateway', 'ingressNginx'],
  ['ingressNginx', 'gatewayApi'],
  ['istio', 'ingressNginx'],
  ['gatewayApi', 'gateway'],
])(
  'a handover from %s to %s',
  (from, to) =>
    playKilled(from, async (stage) => {
      await deploy(stage, to);
      await reach(stage, to, from);
    }),
  timeout,
);

test.each<Through>(['gatewayApi', 'ingressNginx', 'istio'])(
  'a release through %s',
  (through) =>
    playKilled(through, async (stage) => {
      await deploy(stage, through, 'b');
      const release = await released(stage, through);
      expect(stage.entrances[through].service()).toBe(backendName(release.spec));
    }),
  timeout,
);

/** The router leads somewhere all along. */
async function released(stage: Stage, through: Through): Promise<Release> {
  const { cluster, entrances } = stage;
  for (let step = 0; step < maximumSteps; step += 1) {
    expect(entrances[through].service(), `${through} at step ${step}`).toBeDefined();
    const release = await cluster.release('2').catch(() => undefined);
    if (release?.status?.phase === 'Succeeded' && (await isAtRest(stage))) return release;
    await cluster.advance(stepMilliseconds);
  }
  throw new Error(`not released: ${JSON.stringify((await cluster.application()).status)}`);
}
