/** One pod's life in virtual time on the simulated runtime, without an API server: what it would be told is kept. */
import { FakeClock } from '../../kube/testing/fake-clock.ts';
import type { ConfigMap, Container, Pod, PodSpec, PodStatus, Secret } from '@slipway/kube/api.generated';
import type { KubeClient, Patch } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import type { KubeObject, ObjectKey, ResourceType } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import { Calm } from '../src/node/agent/calm.ts';
import { ContainerStarter } from '../src/node/agent/container-starter.ts';
import { LifecycleHooks } from '../src/node/agent/lifecycle-hook.ts';
import { Limiter } from '../src/node/agent/limiter.ts';
import type { PodHost } from '../src/node/agent/pod-host.ts';
import { newPodRecord } from '../src/node/agent/pod-record.ts';
import { PodWorker } from '../src/node/agent/pod-worker.ts';
import { ReferencedObjects } from '../src/node/agent/referenced-objects.ts';
import { StatusWriter } from '../src/node/agent/status-writer.ts';
import { TerminationMessages } from '../src/node/agent/termination-message.ts';
import { PodLogs } from '../src/node/logs/pod-logs.ts';
import { Prober } from '../src/node/probes/prober.ts';
import { AddressRange } from '../src/node/runtimes/simulated/address-range.ts';
import { discardingFiles } from '../src/node/runtimes/simulated/discarding-files.ts';
import { SimulatedRuntime } from '../src/node/runtimes/simulated/simulated-runtime.ts';
import { PodTokens } from '../src/node/volumes/pod-tokens.ts';
import { PodVolumes } from '../src/node/volumes/pod-volumes.ts';

export const scenarioStart = Date.parse('2026-01-01T00:00:00Z');

export function testContainer(container: Partial<Container> = {}): Container {
  return { name: 'app', image: 'app:v1', ...container };
}

export function testPod(spec: Partial<PodSpec> = {}, annotations: Readonly<Record<string, string>> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'uid-1', resourceVersion: '1', annotations },
    spec: { containers: [testContainer()], ...spec },
    status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
  };
}

export interface ScenarioOptions {
  readonly pod: Pod;
  readonly objects?: Map<string, ConfigMap | Secret>;
  readonly endpointsGone?: () => Promise<void>;
  readonly configure?: (runtime: SimulatedRuntime) => void;
}

/** `signals` are `container:signal@milliseconds`, `statuses` all that were written, `events` are `reason: message`. */
export function createPodScenario(options: ScenarioOptions) {
  const clock = new FakeClock(scenarioStart);
  const runtime = new SimulatedRuntime({ clock, addresses: new AddressRange('10.244.0.0/24'), hostIP: '192.0.2.1' });
  options.configure?.(runtime);
  const api = new RecordingApi(options.objects ?? new Map());
  const events: string[] = [];
  const signals: string[] = [];
  const finalised: string[] = [];
  const end = new AbortController();
  const sent = runtime.signalContainer.bind(runtime);
  runtime.signalContainer = (containerId, signal) => {
    signals.push(`${containerId.split('_')[1]}:${signal}@${clock.now() - scenarioStart}`);
    return sent(containerId, signal);
  };
  const host = createHost({
    clock,
    runtime,
    api,
    events,
    finalised,
    signal: end.signal,
    endpointsGone: options.endpointsGone,
  });
  const worker = new PodWorker(host, newPodRecord(options.pod, clock.now()));
  runtime.onExit((exit) => worker.exited(exit));
  let current = options.pod;
  const update = (change: (pod: Pod) => Pod): void => {
    current = change(current);
    const resourceVersion = String(Number(current.metadata.resourceVersion) + 1);
    current = { ...current, metadata: { ...current.metadata, resourceVersion } };
    worker.update(current);
  };
  return {
    clock,
    runtime,
    api,
    events,
    signals,
    finalised,
    worker,
    async start(): Promise<void> {
      worker.start();
      await clock.advance(0);
    },
    advance: (milliseconds: number): Promise<void> => clock.advance(milliseconds),
    update,
    async delete(graceSeconds: number): Promise<void> {
      update((pod) => ({
        ...pod,
        metadata: {
          ...pod.metadata,
          deletionTimestamp: '2026-01-01T00:00:00Z',
          deletionGracePeriodSeconds: graceSeconds,
        },
      }));
      await clock.advance(0);
    },
    status(): PodStatus {
      const status = api.statuses.at(-1);
      if (status === undefined) throw new Error('no status has been written yet');
      return status;
    },
    condition(type: string): string | undefined {
      return this.status().conditions?.find((condition) => condition.type === type)?.status;
    },
    /** `waiting CrashLoopBackOff`, `running`, `terminated Completed`. */
    state(container = 'app'): string {
      const all = [...(this.status().initContainerStatuses ?? []), ...(this.status().containerStatuses ?? [])];
      const { waiting, running, terminated } = all.find(({ name }) => name === container)?.state ?? {};
      if (waiting !== undefined) return `waiting ${waiting.reason}`;
      return running === undefined ? `terminated ${terminated?.reason}` : 'running';
    },
  };
}

interface HostOptions {
  readonly clock: FakeClock;
  readonly runtime: SimulatedRuntime;
  readonly api: RecordingApi;
  readonly events: string[];
  readonly finalised: string[];
  readonly signal: AbortSignal;
  readonly endpointsGone: (() => Promise<void>) | undefined;
}

function createHost({ clock, runtime, api, events, finalised, signal, endpointsGone }: HostOptions): PodHost {
  const logger = silentLogger;
  const objects = new ReferencedObjects(api.client);
  const node = { nodeName: 'node', nodeIP: '192.0.2.1', allocatable: { cpu: '2', memory: '4Gi' } };
  const volumes = new PodVolumes({
    ...node,
    files: discardingFiles,
    clock,
    random: () => 0.5,
    objects,
    tokens: new PodTokens({ client: api.client, clock }),
    directory: '/data/pods',
  });
  const logs = new PodLogs({ files: discardingFiles, clock, logger, directory: '/data/pods' });
  const messages = new TerminationMessages({ files: discardingFiles, logs, directory: '/data/pods' });
  const starts = new Limiter(1000);
  const calm = new Calm(clock);
  const recorder = {
    event: (_: Pod, event: { reason: string; message: string }) =>
      void events.push(`${event.reason}: ${event.message}`),
  };
  return {
    clock,
    logger,
    runtime,
    nodeIP: node.nodeIP,
    dns: { nameservers: [], domain: 'cluster.local', hostResolvConf: '', hostname: 'machine' },
    events: recorder,
    statuses: new StatusWriter({ client: api.client, clock, logger, signal }),
    volumes,
    logs,
    messages,
    prober: new Prober(runtime, clock),
    hooks: new LifecycleHooks(runtime, clock),
    starter: new ContainerStarter({
      ...node,
      names: { domain: 'cluster.local', hostname: 'machine' },
      runtime,
      events: recorder,
      logs,
      messages,
      logger,
      volumes,
      objects,
      starts,
      services: () => [],
    }),
    starts,
    calm,
    signal,
    endpointsGone: endpointsGone ?? (() => Promise.resolve()),
    deleteObject: (pod) => {
      api.deleted.push(pod.metadata.name ?? '');
      return Promise.resolve();
    },
    onFinalised: (podUid) => void finalised.push(podUid),
  };
}

/** Has the objects that it is given, and keeps what is written. */
export class RecordingApi {
  readonly statuses: PodStatus[] = [];
  readonly deleted: string[] = [];
  readonly #objects: Map<string, ConfigMap | Secret>;
  readonly client: KubeClient;

  constructor(objects: Map<string, ConfigMap | Secret>) {
    this.#objects = objects;
    const refuse = (): never => {
      throw new Error('this scenario has no such request');
    };
    this.client = {
      get: <T extends KubeObject>(type: ResourceType<T>, key: ObjectKey) => this.#get(type, key),
      patch: <T extends KubeObject>(_type: ResourceType<T>, key: ObjectKey, patch: Patch) => this.#patch<T>(key, patch),
      list: refuse,
      watch: refuse,
      create: refuse,
      update: refuse,
      delete: refuse,
      deleteCollection: refuse,
      request: refuse,
    };
  }

  #get<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey): Promise<T> {
    const found = this.#objects.get(`${type.plural}/${key.name}`);
    if (found === undefined)
      return Promise.reject(new StatusError('NotFound', `${type.plural} "${key.name}" not found`));
    return Promise.resolve(found as unknown as T);
  }

  #patch<T extends KubeObject>(key: ObjectKey, patch: Patch): Promise<T> {
    if ('status' in patch.body) this.statuses.push(patch.body.status as PodStatus);
    return Promise.resolve({ metadata: { name: key.name } } as T);
  }
}
