import type { Deployment, Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { formatMicroTime } from '@slipway/kube/clock';
import { silentLogger, type Logger } from '@slipway/kube/logger';
import type { ResourceType } from '@slipway/kube/object';
import { deployments, events, leases, nodes, pods, replicaSets } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { FakeClock } from '../../kube/testing/fake-clock.ts';
import { lateControllers, type LateController } from '../src/controllers/late-controllers.ts';
import { startControllers } from '../src/controllers/start-controllers.ts';
import { createCatalog } from '../src/schema/catalog.ts';
import { createMemoryCluster, type MemoryCluster } from './memory-cluster.ts';
import { simulatePods, type PodSimulatorOptions } from './pod-simulator.ts';

export interface ControlledClusterOptions {
  readonly readyAfter?: PodSimulatorOptions['readyAfter'];
  readonly goneAfter?: number;
  readonly endsBy?: PodSimulatorOptions['endsBy'];
  /** The node never renews its lease; the usual one does. */
  readonly hasSilentNode?: boolean;
  readonly logger?: Logger;
  /** Stops every controller after this many writes, as a crash would, and starts new ones. */
  readonly crashAfterWrites?: number | undefined;
}

export interface ControlledCluster extends MemoryCluster {
  readonly clock: FakeClock;
  /** Runs virtual time and lets everything settle. */
  advance(milliseconds: number): Promise<void>;
  /** Writes of the controllers so far, events aside. */
  readonly writes: number;
  readonly crashes: number;
  stop(): Promise<void>;
}

/** The API in memory with all controllers and simulated pods, in virtual time. */
export async function createControlledCluster(options: ControlledClusterOptions = {}): Promise<ControlledCluster> {
  const clock = new FakeClock();
  const logger = options.logger ?? silentLogger;
  const cluster = await createMemoryCluster({ clock, logger });
  await cluster.client.create(nodes, { metadata: { name: 'node-a' } });
  const stopping = new AbortController();
  if (options.hasSilentNode !== true) keepNodeAlive(cluster.clientFor('simulator'), clock, stopping.signal);
  const { readyAfter, goneAfter, endsBy } = options;
  simulatePods({
    client: cluster.clientFor('simulator'),
    clock,
    signal: stopping.signal,
    ...(readyAfter === undefined ? {} : { readyAfter }),
    ...(goneAfter === undefined ? {} : { goneAfter }),
    ...(endsBy === undefined ? {} : { endsBy }),
  });
  // Read beforehand: virtual time does not wait for files.
  const late = await Promise.all(lateControllers.map(preloaded));
  const count = { writes: 0, crashes: 0 };
  const run = (crashAfter: number | undefined): void => {
    const life = new AbortController();
    const signal = AbortSignal.any([life.signal, stopping.signal]);
    const client = crashing(cluster.clientFor('kube-controller-manager'), {
      onWrite: () => {
        count.writes += 1;
        if (crashAfter === undefined || count.writes < crashAfter) return 'proceed';
        if (signal.aborted) return 'refuse';
        count.crashes += 1;
        life.abort(new Error('crashed'));
        clock.schedule(10, () => run(undefined));
        return 'proceed';
      },
    });
    startControllers({
      client,
      clock,
      logger,
      signal,
      random: () => 0.5,
      allTypes: listedTypes,
      namespacedTypes: () => listedTypes().filter(({ namespaced }) => namespaced),
      certificateAuthority: 'authority',
      issueForSecret: (claims) => cluster.api.tokens.issueForSecret(claims),
      late,
    });
  };
  run(options.crashAfterWrites);
  await clock.advance(100);
  return {
    ...cluster,
    clock,
    advance: (milliseconds) => clock.advance(milliseconds),
    get writes() {
      return count.writes;
    },
    get crashes() {
      return count.crashes;
    },
    stop: async () => {
      stopping.abort(new Error('the test has ended'));
      await clock.advance(0);
      await cluster.close();
    },
  };
}

async function preloaded(late: LateController): Promise<LateController> {
  const start = await late.load();
  return { ...late, load: () => Promise.resolve(start) };
}

function keepNodeAlive(client: KubeClient, clock: FakeClock, signal: AbortSignal): void {
  const key = { namespace: 'kube-node-lease', name: 'node-a' };
  const lease = client.create(leases, { metadata: key, spec: { holderIdentity: 'node-a' } });
  const renew = async (): Promise<void> => {
    await lease;
    if (signal.aborted) return;
    clock.schedule(20_000, () => void renew());
    await client.patch(leases, key, { type: 'merge', body: { spec: { renewTime: formatMicroTime(clock.now()) } } });
  };
  void renew();
}

/** Those that are kept: a review is answered and forgotten. */
function listedTypes(): readonly ResourceType[] {
  return createCatalog()
    .all()
    .flatMap(({ type, verbs }) => (verbs.includes('list') ? [type] : []));
}

interface Crashing {
  /** The write that brings the process down still takes effect; none does after it. Events are advice and do not count. */
  onWrite(): 'proceed' | 'refuse';
}

function crashing(client: KubeClient, { onWrite }: Crashing): KubeClient {
  const guard = <T>(write: () => Promise<T>): Promise<T> =>
    onWrite() === 'proceed'
      ? write()
      : Promise.reject(new StatusError('ServiceUnavailable', 'the process has crashed'));
  return {
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    watch: (...args) => client.watch(...args),
    request: (...args) => client.request(...args),
    create: (type, ...args) =>
      type.kind === events.kind ? client.create(type, ...args) : guard(() => client.create(type, ...args)),
    update: (...args) => guard(() => client.update(...args)),
    patch: (...args) => guard(() => client.patch(...args)),
    delete: (...args) => guard(() => client.delete(...args)),
    deleteCollection: (...args) => guard(() => client.deleteCollection(...args)),
  };
}

export interface DeploymentShape {
  readonly name?: string;
  readonly replicas?: number;
  readonly image?: string;
  readonly strategy?: NonNullable<Deployment['spec']>['strategy'];
  readonly minReadySeconds?: number;
}

export function webDeployment(shape: DeploymentShape = {}): Deployment {
  const { name = 'web', replicas = 3, image = 'web:1', strategy, minReadySeconds } = shape;
  return {
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      strategy,
      minReadySeconds,
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image }] } },
    },
  };
}

export async function setImage(client: KubeClient, name: string, image: string): Promise<void> {
  const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
  await client.patch(deployments, { namespace: 'default', name }, { type: 'strategic', body });
}

export async function listPods(client: KubeClient): Promise<readonly Pod[]> {
  return (await client.list(pods, { namespace: 'default' })).items;
}

export function getDeployment(client: KubeClient, name = 'web'): Promise<Deployment> {
  return client.get(deployments, { namespace: 'default', name });
}

export async function replicaSetSizes(client: KubeClient): Promise<readonly number[]> {
  const { items } = await client.list(replicaSets, { namespace: 'default' });
  return items.map(({ spec }) => spec?.replicas ?? 0);
}
