import type { Deployment, PodSpec } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { deployments, nodes, pods } from '@slipway/kube/resources';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { eachAtOnce } from './at-once.ts';
import { startBenchCluster, type BenchCluster } from './cluster.ts';
import { findDeploymentServer, measureMemory } from './memory.ts';
import { rounded, type BenchRow } from './row.ts';

const namespace = 'default';
const wholeMachine = 1_000;
const podsOfNode = 10;
const workloads = 20;
const byHand = 1_000;
const atOnce = 64;
const limitMilliseconds = 240_000;
const sampleMilliseconds = 2_000;
/** Of this process, of one core: beyond, it and not the cluster would be what is measured. */
const busyShare = 0.8;

interface Bound {
  readonly perSecond: number;
  readonly megabytesBefore: number;
  readonly largestMegabytes: number;
}

/** 1,000 simulated nodes, or so many, and ten pods for each of them, of twenty Deployments that are created at once. */
export async function benchNodes(count = wholeMachine): Promise<readonly BenchRow[]> {
  const options = ['--runtime', 'simulated', '--nodes', String(count)];
  const cluster = await startBenchCluster({ options });
  try {
    const { client } = await connect({ kubeconfig: cluster.kubeconfig });
    const { items } = await client.list(nodes);
    const ready = items.filter(({ status }) => isConditionTrue(status?.conditions, 'Ready')).length;
    if (ready !== count) throw new Error(`${ready} of ${count} nodes are ready`);
    const reference = await bindByHand(client, items.length);
    const bound = await bindAll(cluster, client, count * podsOfNode);
    return [
      {
        figure: `pods bound a second, ${count * podsOfNode} of ${workloads} Deployments on ${count} simulated nodes`,
        value: rounded(bound.perSecond, 0),
        unit: 'pods/s',
        target: { atLeast: 700 },
        reference: `a client that chooses nodes blindly and sends ${byHand} bindings, ${atOnce} at once: ${rounded(reference, 0)} pods/s; starting the cluster: ${rounded(cluster.startMilliseconds, 0)} ms`,
      },
      {
        figure: `most memory of that cluster meanwhile (PSS of all of its processes)`,
        value: rounded(bound.largestMegabytes, 0),
        unit: 'MB',
        target: { atMost: 1_000 },
        reference: `idle before: ${rounded(bound.megabytesBefore, 0)} MB`,
      },
    ];
  } finally {
    await cluster.stop();
  }
}

/** Pods of the default scheduler that are seen without a node and then no longer: where they are is not asked. */
async function bindAll(cluster: BenchCluster, client: KubeClient, count: number): Promise<Bound> {
  const memory = await MemoryWatch.start(cluster);
  const unbound = await watchUnbound(client);
  const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
  const names = Array.from({ length: workloads }, (_, index) => `load-${index}`);
  await Promise.all(names.map((name) => client.create(deployments, workload(name, count / workloads))));
  await unbound.bound(count);
  const milliseconds = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  if ((user + system) / 1_000 > busyShare * milliseconds) throw new Error('the process that counts was the bottleneck');
  return { perSecond: (count * 1_000) / milliseconds, ...(await memory.stop()) };
}

interface Unbound {
  /** Resolves when so many have been bound. */
  bound(count: number): Promise<void>;
}

async function watchUnbound(client: KubeClient): Promise<Unbound> {
  const { metadata } = await client.list(pods, { limit: 1 });
  const stop = AbortSignal.timeout(limitMilliseconds);
  const events = client.watch(pods, {
    namespace,
    fieldSelector: 'spec.nodeName=',
    metadataOnly: true,
    resourceVersion: metadata.resourceVersion,
    signal: stop,
  });
  return {
    bound: async (count) => {
      let left = count;
      for await (const { type } of events) {
        if (type === 'DELETED') left -= 1;
        if (left === 0) return;
      }
      throw new Error(`${left} of ${count} pods were not bound in time`);
    },
  };
}

function workload(name: string, replicas: number): Deployment {
  const labels = { app: name };
  return {
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
  };
}

const podSpec: PodSpec = {
  containers: [
    {
      name: 'web',
      image: 'example.com/web:1',
      ports: [{ name: 'http', containerPort: 8080 }],
      resources: { requests: { cpu: '10m', memory: '16Mi' } },
    },
  ],
};

/** Pods that no scheduler takes, bound by this process alone. */
async function bindByHand(client: KubeClient, nodeCount: number): Promise<number> {
  const names = Array.from({ length: byHand }, (_, index) => `by-hand-${index}`);
  const spec = { ...podSpec, schedulerName: 'by-hand' };
  await eachAtOnce(names, atOnce, (name) => client.create(pods, { metadata: { namespace, name }, spec }));
  const startedAt = performance.now();
  let turn = 0;
  await eachAtOnce(names, atOnce, (name) => {
    const target = { kind: 'Node', name: nodeName(turn++ % nodeCount) };
    return client.create(bindings, { metadata: { namespace, name }, target }, { subresource: 'binding' });
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  return byHand / seconds;
}

interface Binding extends KubeObject {
  readonly target: { readonly kind: string; readonly name: string };
}

const bindings: ResourceType<Binding> = { group: '', version: 'v1', kind: 'Binding', plural: 'pods', namespaced: true };

function nodeName(index: number): string {
  return index === 0 ? 'slipway' : `slipway-${index + 1}`;
}

/** Of all processes of the cluster together, every other second: reading it takes a while. */
class MemoryWatch {
  readonly #pids: readonly number[];
  readonly #before: number;
  #largest: number;
  #timer: NodeJS.Timeout | undefined;
  #sampling: Promise<void> = Promise.resolve();

  private constructor(pids: readonly number[], before: number) {
    this.#pids = pids;
    this.#before = before;
    this.#largest = before;
  }

  static async start(cluster: BenchCluster): Promise<MemoryWatch> {
    const { server } = await cluster.state();
    const pids = [server.pid, await findDeploymentServer(server.pid)];
    const watch = new MemoryWatch(pids, await sumOf(pids));
    watch.#timer = setInterval(() => {
      watch.#sampling = watch.#sampling.then(() => watch.#sample());
    }, sampleMilliseconds);
    return watch;
  }

  async stop(): Promise<Pick<Bound, 'megabytesBefore' | 'largestMegabytes'>> {
    clearInterval(this.#timer);
    await this.#sampling;
    await this.#sample();
    return { megabytesBefore: this.#before, largestMegabytes: this.#largest };
  }

  async #sample(): Promise<void> {
    this.#largest = Math.max(this.#largest, await sumOf(this.#pids));
  }
}

async function sumOf(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(pids.map(measureMemory));
  return sizes.reduce((sum, { total }) => sum + total, 0);
}
