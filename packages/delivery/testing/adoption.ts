/** A Deployment with its Service, to be adopted and ejected in virtual time, and what becomes of its pods meanwhile. */
import type { Deployment, Pod, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { deployments, endpointSlices, pods, services } from '@slipway/kube/resources';
import { noteOf, type AdoptionRequest, type AdoptionWorld, type HandoverPlan } from '../src/adoption/adoption-world.ts';
import { carryOut, type HandoverOutcome } from '../src/adoption/carry-out.ts';
import { observeAdoption } from '../src/adoption/observe-adoption.ts';
import { planAdoption } from '../src/adoption/plan-adoption.ts';
import { isEjected, planEjection } from '../src/adoption/plan-ejection.ts';
import { createDeliveryCluster, type DeliveryCluster, type DeliveryClusterOptions } from './delivery-cluster.ts';

export const namespace = 'default';
/** Of the Deployment, its Service, and the Application that adopts it. */
export const key = { namespace, name: 'shop' };
export const selector = { app: 'shop' };

export const request: AdoptionRequest = {
  namespace,
  deployment: key.name,
  application: key.name,
  movesAutoscaler: false,
};

export interface Way {
  readonly plan: (world: AdoptionWorld) => HandoverPlan;
  readonly isDone?: (world: AdoptionWorld) => boolean;
}

export const adopting: Way = { plan: (world) => planAdoption(world, request) };
export const ejecting: Way = { plan: (world) => planEjection(world, request), isDone: isEjected };

export interface WatchedEndpoints {
  /** The fewest ready ones that there ever were. */
  least(): number;
  stop(): void;
}

export class AdoptionCluster {
  readonly delivery: DeliveryCluster;

  constructor(delivery: DeliveryCluster) {
    this.delivery = delivery;
  }

  get client(): KubeClient {
    return this.delivery.client;
  }

  async setImage(image: string): Promise<void> {
    const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
    await this.client.patch(deployments, key, { type: 'strategic', body });
  }

  /** By whichever client, which may stop in the middle. */
  async go(way: Way, client: KubeClient = this.client): Promise<HandoverOutcome> {
    const { clock } = this.delivery;
    const { signal } = new AbortController();
    const observe = (): Promise<AdoptionWorld> => observeAdoption({ client, namespace, deployment: key.name, signal });
    const done = carryOut({ ...way, client, clock, signal, observe, onStep: () => undefined });
    const state = { isOver: false };
    const over = done.finally(() => {
      state.isOver = true;
    });
    over.catch(() => undefined);
    while (!state.isOver) await this.delivery.advance(100);
    return over;
  }

  /** It may have been given back to the end already, or never been taken. */
  async ejected(): Promise<boolean> {
    const isAdopted = noteOf(await this.client.get(deployments, key), 'adoptedBy') !== undefined;
    return !isAdopted || (await this.go(ejecting)).isDone;
  }

  async livePods(): Promise<readonly Pod[]> {
    const { items } = await this.client.list(pods, { namespace });
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async images(): Promise<readonly (string | undefined)[]> {
    return (await this.livePods()).map(({ spec }) => spec?.containers[0]?.image);
  }

  async uids(): Promise<readonly (string | undefined)[]> {
    return (await this.livePods()).map(({ metadata }) => metadata.uid).toSorted();
  }

  async podNames(): Promise<readonly string[]> {
    return (await this.livePods()).map(({ metadata }) => metadata.name ?? '').toSorted();
  }

  /** Names of the pods that are ready behind a Service. */
  async endpoints(name: string = key.name): Promise<readonly string[]> {
    const { items } = await this.client.list(endpointSlices, { namespace, labelSelector: ofService(name) });
    const all = items.flatMap((slice) => slice.endpoints ?? []);
    return all
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ targetRef }) => targetRef?.name ?? [])
      .toSorted();
  }

  /** Sees every state that the endpoints of the Service are ever in. */
  watchEndpoints(name: string = key.name): WatchedEndpoints {
    const stopping = new AbortController();
    let least = Infinity;
    const watching = (async () => {
      const options = { namespace, labelSelector: ofService(name), signal: stopping.signal };
      for await (const event of this.client.watch(endpointSlices, options)) {
        if (event.type === 'BOOKMARK') continue;
        const ready = (event.object.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
        least = Math.min(least, ready.length);
      }
    })();
    watching.catch(() => undefined);
    return { least: () => least, stop: () => stopping.abort() };
  }
}

function ofService(name: string): string {
  return `kubernetes.io/service-name=${name}`;
}

/** With a rollout behind it: a paused Deployment without its pods would give them to the ReplicaSet before. */
export async function createAdoptionCluster(options: DeliveryClusterOptions = {}): Promise<AdoptionCluster> {
  const delivery = await createDeliveryCluster(options);
  const cluster = new AdoptionCluster(delivery);
  await delivery.client.create(deployments, deployment('shop:0'));
  await delivery.client.create(services, service);
  await delivery.advance(30_000);
  await cluster.setImage('shop:1');
  await delivery.advance(60_000);
  return cluster;
}

function deployment(image: string): Deployment {
  return {
    metadata: key,
    spec: {
      replicas: 3,
      selector: { matchLabels: selector },
      template: { metadata: { labels: selector }, spec: { containers: [{ name: 'web', image }] } },
    },
  };
}

const service: Service = { metadata: key, spec: { selector, ports: [{ port: 80 }] } };
