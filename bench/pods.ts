import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { pods } from '@slipway/kube/resources';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { startBenchCluster } from './cluster.ts';
import { median, percentile, rounded, type BenchRow } from './row.ts';

const namespace = 'default';
const together = 20;
const runs = 9;
const share = 0.95;
/** Until the cluster is at rest again. */
const restMilliseconds = 4_000;
const command = ['sh', '-c', 'echo up; exec sleep 600'];

/** Twenty pods that are created in one moment until each is seen Ready, less twenty processes started so by hand until each speaks. */
export async function benchPods(): Promise<readonly BenchRow[]> {
  const cluster = await startBenchCluster();
  try {
    const { client } = await connect({ kubeconfig: cluster.kubeconfig });
    // One round that nobody counts: it reads modules late, here and there.
    await startPods(client, 'first');
    const [inCluster, byHand]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      await pause(restMilliseconds);
      byHand.push(percentile(await startProcesses(), share));
      inCluster.push(percentile(await startPods(client, `run-${run}`), share));
    }
    return [
      {
        figure: `${together} pods at once until Ready, on top of their processes by hand (95th percentile, median of ${runs} runs)`,
        value: rounded(median(inCluster) - median(byHand), 0),
        unit: 'ms',
        target: { atMost: 120 },
        reference: `pods: ${rounded(median(inCluster), 0)} ms; ${together} processes by hand until each speaks: ${rounded(median(byHand), 0)} ms`,
      },
    ];
  } finally {
    await cluster.stop();
  }
}

async function startProcesses(): Promise<readonly number[]> {
  const startedAt = performance.now();
  const [program = '', ...words] = command;
  const children = Array.from({ length: together }, () =>
    spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const milliseconds = await Promise.all(
    children.map(async ({ stdout }) => {
      await once(stdout, 'data');
      return performance.now() - startedAt;
    }),
  );
  await Promise.all(
    children.map(async (child) => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }),
  );
  return milliseconds;
}

/** Gone again when it resolves. */
async function startPods(client: KubeClient, name: string): Promise<readonly number[]> {
  const stop = new AbortController();
  const informer = new Informer<Pod>({
    client,
    type: pods,
    clock: systemClock,
    namespace,
    labelSelector: `run=${name}`,
  });
  informer.start(stop.signal);
  await informer.synced();
  const ready = new Map<string, number>();
  const [allReady, allGone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const startedAt = performance.now();
  informer.onChange(({ key, current }) => {
    if (isConditionTrue(current?.status?.conditions, 'Ready') && !ready.has(key))
      ready.set(key, performance.now() - startedAt);
    if (ready.size === together) allReady.resolve();
    if (informer.list().length === 0) allGone.resolve();
  });
  const names = Array.from({ length: together }, (_, index) => `${name}-${index}`);
  await Promise.all(names.map((each) => client.create(pods, pod(each, name))));
  await allReady.promise;
  await Promise.all(names.map((each) => client.delete(pods, { namespace, name: each }, { gracePeriodSeconds: 1 })));
  await allGone.promise;
  stop.abort();
  return [...ready.values()];
}

function pod(name: string, run: string): Pod {
  const containers = [{ name: 'sleeper', image: 'sleeper:1', command }];
  return { metadata: { name, namespace, labels: { run } }, spec: { containers } };
}
