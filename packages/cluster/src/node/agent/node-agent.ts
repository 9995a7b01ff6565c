/**
 * The node agent: registers its Node, takes the pods that are bound to it, and keeps them as their specs say. The caller
 * starts and stops the runtime.
 */
import { join } from 'node:path';
import type { Node, NodeAddress, Pod, Service } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import type { KubeClient } from '@slipway/kube/client';
import { EventRecorder } from '@slipway/kube/event-recorder';
import type { Logger } from '@slipway/kube/logger';
import { keyOf } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { FilePlace, Files } from '../files.ts';
import { KubeletApi } from '../kubelet-api/kubelet-api.ts';
import { PodLogs } from '../logs/pod-logs.ts';
import { Prober } from '../probes/prober.ts';
import type { Runtime } from '../runtime.ts';
import { PodTokens, rotateTokens } from '../volumes/pod-tokens.ts';
import { PodVolumes } from '../volumes/pod-volumes.ts';
import { listTokenProjections, showsMarks } from '../volumes/volume-files.ts';
import { Calm } from './calm.ts';
import { ownSources, type AgentSources } from './agent-sources.ts';
import { ContainerStarter } from './container-starter.ts';
import { LifecycleHooks } from './lifecycle-hook.ts';
import { Limiter } from './limiter.ts';
import { MountedObjects } from './mounted-objects.ts';
import { resourcesOf, type Machine, type NodeCapacity } from './node-object.ts';
import { tellOfStart } from './node-events.ts';
import { NodeRegistration } from './node-registration.ts';
import type { PodEvents } from './pod-events.ts';
import type { PodHost } from './pod-host.ts';
import { PodWorkers } from './pod-workers.ts';
import { ReferencedObjects } from './referenced-objects.ts';
import type { ClusterDns } from './resolver-config.ts';
import { StatusWriter } from './status-writer.ts';
import { VolumeLimits } from './volume-limits.ts';
import { TerminationMessages } from './termination-message.ts';

export interface NodeAgentOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly nodeName: string;
  readonly runtime: Runtime;
  /** Holds `pods/<uid>` with volumes and logs. */
  readonly dataDirectory: string;
  readonly files: Files;
  /** For the memory of the runtime, if it has any. Absent: everything is on disk. */
  readonly memoryFiles?: Files | undefined;
  /** Resolves when service proxy and gateways have stopped sending to the pod. Absent: nobody sends. */
  readonly endpointsGone?: ((pod: Pod) => Promise<void>) | undefined;
  readonly capacity: NodeCapacity;
  /** The first InternalIP is the pods' hostIP. */
  readonly addresses: readonly NodeAddress[];
  readonly machine: Machine;
  readonly dns?: ClusterDns | undefined;
  /** Whether what goes well is told in Events too. Absent: it is. */
  readonly events?: 'all' | 'warnings' | undefined;
  /** Shared with the other agents of this process. Absent: its own. */
  readonly sources?: AgentSources | undefined;
  /** How many sandboxes and containers are made at once. */
  readonly maxConcurrentStarts?: number | undefined;
  readonly signal: AbortSignal;
}

export interface RunningAgent {
  /** What the API server asks of the node: logs, proxied requests. */
  readonly kubelet: KubeletApi;
  /** Resolves when the Node is registered and its pods are looked after. */
  readonly ready: Promise<void>;
  /** Resolves when the signal has ended the agent and its events are written; rejects if it could not go on. */
  readonly done: Promise<void>;
  /** Stops all pods and leaves their objects as they are. Resolves when nothing runs and the events of it are written. */
  shutDown(graceSeconds: number): Promise<void>;
}

const defaultConcurrentStarts = 16;
const noDns: ClusterDns = { nameservers: [], domain: 'cluster.local', hostResolvConf: '', hostname: '' };

export function startNodeAgent(options: NodeAgentOptions): RunningAgent {
  const agent = new NodeAgent(options);
  const ready = agent.start();
  const done = ready.then(
    (node) => agent.run(node),
    (error: unknown) => {
      if (!options.signal.aborted) throw error;
    },
  );
  // Whoever cares waits for `done`; a rejection of `ready` alone must not end the process.
  const settled = ready.then(() => undefined);
  settled.catch(() => undefined);
  return { kubelet: agent.kubelet, ready: settled, done, shutDown: (graceSeconds) => agent.shutDown(graceSeconds) };
}

class NodeAgent {
  readonly kubelet: KubeletApi;
  readonly #options: NodeAgentOptions;
  readonly #sources: AgentSources;
  readonly #registration: NodeRegistration;
  readonly #volumes: PodVolumes;
  readonly #tokens: PodTokens;
  readonly #mounted: MountedObjects;
  readonly #workers: PodWorkers;
  readonly #limits: VolumeLimits;
  readonly #calm: Calm;
  readonly #recorder: EventRecorder;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
    const { client, clock, logger, random, nodeName, runtime, signal } = options;
    const informed = { client, clock, logger, random };
    this.#sources = options.sources ?? ownSources(informed, nodeName);
    this.#registration = new NodeRegistration({
      client,
      clock,
      random,
      logger,
      signal,
      description: describeNode(options),
    });
    const objects = new ReferencedObjects(client);
    this.#tokens = new PodTokens({ client, clock });
    this.#volumes = createVolumes(options, { objects, tokens: this.#tokens });
    this.#mounted = new MountedObjects({
      ...informed,
      signal,
      onChange: (podUid) => void this.#refreshVolumes(podUid),
    });
    this.#calm = new Calm(clock);
    this.#recorder = createRecorder(options, this.#calm);
    const host = createHost(options, {
      calm: this.#calm,
      recorder: this.#recorder,
      objects,
      volumes: this.#volumes,
      services: (namespace) => this.#sources.services(namespace),
    });
    this.#workers = new PodWorkers(host, {
      onAdded: (pod) => {
        if (!options.files.discards) this.#mounted.track(pod);
      },
      onFinalised: (podUid) => this.#mounted.untrack(podUid),
    });
    this.#limits = new VolumeLimits({
      clock,
      logger,
      signal,
      records: () => this.#workers.records(),
      usageOf: (podUid, volume) => this.#volumes.usageOf(podUid, volume),
      onExceeded: (podUid, message) => this.#workers.evict(podUid, message),
    });
    this.kubelet = new KubeletApi({ pods: this.#workers, logs: host.logs, runtime, nodeName, clock });
  }

  async start(): Promise<Node> {
    const { runtime, signal } = this.#options;
    runtime.onExit((exit) => this.#workers.exited(exit));
    this.#sources.start(signal);
    await this.#keepPrivate();
    const [node] = await Promise.all([this.#registration.register(), this.#sources.synced()]);
    this.#workers.adopt(await runtime.list(), this.#sources.pods());
    await this.#removeLeftovers();
    this.#sources.onPodChange(({ old, current }) => this.#onPodChange(old, current));
    tellOfStart(this.#recorder, node, { limitations: runtime.limitations, events: this.#options.events });
    return node;
  }

  /** Until the signal aborts. */
  async run(node: Node): Promise<void> {
    const { signal } = this.#options;
    try {
      await Promise.all([this.#registration.keepAlive(node), this.#limits.run(), this.#rotateTokens()]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#workers.detach();
      await this.#tellTheRest();
    }
  }

  async shutDown(graceSeconds: number): Promise<void> {
    await this.#workers.shutDown(graceSeconds);
    await this.#tellTheRest();
  }

  /** What waited for calm, that of these pods' ends too, is written before nobody is there any more who takes it. */
  #tellTheRest(): Promise<void> {
    this.#calm.end();
    return this.#recorder.end();
  }

  #onPodChange(old: Pod | undefined, current: Pod | undefined): void {
    this.#workers.onChange({ old, current });
    const same = old?.metadata.uid === current?.metadata.uid;
    if (same && current !== undefined && showsNewMarks(old, current))
      void this.#refreshVolumes(current.metadata.uid ?? '');
  }

  #rotateTokens(): Promise<void> {
    const { clock, signal } = this.#options;
    return rotateTokens({
      clock,
      signal,
      podUids: () => this.#workers.records().flatMap(({ pod }) => (hasTokens(pod) ? [pod.metadata.uid ?? ''] : [])),
      isDue: (podUid) => this.#tokens.isDue(podUid),
      refresh: (podUid) => this.#refreshVolumes(podUid),
    });
  }

  async #refreshVolumes(podUid: string): Promise<void> {
    const record = this.#workers.findByUid(podUid);
    if (record === undefined || record.termination !== undefined) return;
    const { kind } = record.volumes;
    // What changes while they are made may have been read before: it is looked at again behind them.
    if (kind !== 'ready' && kind !== 'preparing') return;
    try {
      await this.#volumes.refresh(record.pod);
    } catch (error) {
      // The old content stays, as with the kubelet; the next change tries again.
      this.#options.logger.warn('The volumes of a pod could not be brought up to date', {
        ...keyOf(record.pod),
        kind: 'Pod',
        error,
      });
    }
  }

  /** Below are Secrets, in files whose modes are for the users within the pods. */
  async #keepPrivate(): Promise<void> {
    const { files, dataDirectory } = this.#options;
    const directory = join(dataDirectory, 'pods');
    await files.makeDirectory(directory);
    await files.changeMode(directory, 0o700);
  }

  /** What pods left on the disk that ended while no agent ran. */
  async #removeLeftovers(): Promise<void> {
    const known = new Set(this.#sources.pods().map(({ metadata }) => metadata.uid));
    const { files, dataDirectory } = this.#options;
    const left = (await files.list(join(dataDirectory, 'pods'))).filter((uid) => !known.has(uid));
    await Promise.all(left.map((uid) => this.#volumes.remove(uid)));
  }
}

function hasTokens({ spec }: Pod): boolean {
  return (spec?.volumes ?? []).some((volume) => listTokenProjections(volume).length > 0);
}

function showsNewMarks(old: Pod | undefined, current: Pod): boolean {
  const text = (pod: Pod | undefined): string => JSON.stringify([pod?.metadata.labels, pod?.metadata.annotations]);
  return (current.spec?.volumes ?? []).some(showsMarks) && text(old) !== text(current);
}

function describeNode(options: NodeAgentOptions) {
  const { nodeName, capacity, addresses, machine, runtime } = options;
  return { nodeName, capacity, addresses, machine, runtimeName: runtime.name, limitations: runtime.limitations };
}

function nodeIPOf({ addresses }: NodeAgentOptions): string {
  return addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
}

function createVolumes(
  options: NodeAgentOptions,
  { objects, tokens }: { readonly objects: ReferencedObjects; readonly tokens: PodTokens },
): PodVolumes {
  const { files, clock, random, nodeName, dataDirectory, capacity, runtime } = options;
  const directory = join(dataDirectory, 'pods');
  const nodeIP = nodeIPOf(options);
  return new PodVolumes({
    files,
    clock,
    random,
    objects,
    tokens,
    nodeName,
    nodeIP,
    directory,
    allocatable: resourcesOf(capacity),
    content: contentPlaceOf(options),
    memoryVolumes: runtime.memoryVolumes,
  });
}

/** Undefined: they lie with everything else that is of a pod. */
function contentPlaceOf({ runtime, nodeName, memoryFiles }: NodeAgentOptions): FilePlace | undefined {
  const { memoryDirectory } = runtime;
  if (memoryFiles === undefined || memoryDirectory === undefined) return undefined;
  return { files: memoryFiles, directory: join(memoryDirectory, nodeName) };
}

interface HostParts {
  readonly calm: Calm;
  readonly recorder: EventRecorder;
  readonly objects: ReferencedObjects;
  readonly volumes: PodVolumes;
  readonly services: (namespace: string) => readonly Service[];
}

function createHost(
  options: NodeAgentOptions,
  { calm, recorder, objects, volumes, services }: HostParts,
): Omit<PodHost, 'onFinalised'> {
  const { client, clock, logger, runtime, nodeName, signal, files, dataDirectory, capacity } = options;
  const nodeIP = nodeIPOf(options);
  const events = createEvents(options, recorder);
  const directory = join(dataDirectory, 'pods');
  const logs = new PodLogs({ files, clock, logger, directory, whenCalm: () => calm.wait(clock.monotonic()) });
  const messages = new TerminationMessages({ files, directory, logs });
  const starts = new Limiter(options.maxConcurrentStarts ?? defaultConcurrentStarts);
  const allocatable = resourcesOf(capacity);
  const { dns = noDns } = options;
  const starter = new ContainerStarter({
    runtime,
    events,
    logs,
    messages,
    logger,
    volumes,
    objects,
    starts,
    nodeName,
    nodeIP,
    names: dns,
    allocatable,
    services,
  });
  return {
    clock,
    logger,
    runtime,
    nodeIP,
    dns,
    events,
    statuses: new StatusWriter({ client, clock, logger, signal, calm }),
    volumes,
    logs,
    messages,
    prober: new Prober(runtime, clock),
    hooks: new LifecycleHooks(runtime, clock),
    starter,
    starts,
    calm,
    signal,
    endpointsGone: options.endpointsGone ?? (() => Promise.resolve()),
    deleteObject: (pod) => deleteForGood(client, pod),
  };
}

/** How well a pod starts is told when all have been started. */
function createRecorder({ client, clock, logger, nodeName }: NodeAgentOptions, calm: Calm): EventRecorder {
  const whenCalm = (since: number): Promise<void> => calm.wait(since);
  return new EventRecorder({ client, clock, logger, component: 'kubelet', host: nodeName, whenCalm });
}

function createEvents(options: NodeAgentOptions, recorder: EventRecorder): PodEvents {
  return {
    event(pod, { type, reason, message, container }) {
      if (options.events === 'warnings' && type === 'Normal') return;
      const fieldPath = container === undefined ? undefined : fieldPathOf(pod, container);
      recorder.event({ object: pod, type: pods, fieldPath }, { type, reason, message });
    },
  };
}

function fieldPathOf(pod: Pod, container: string): string {
  const isInit = pod.spec?.initContainers?.some(({ name }) => name === container) ?? false;
  return `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`;
}

/** Only this very pod: its name may be taken by another one meanwhile. */
async function deleteForGood(client: KubeClient, pod: Pod): Promise<void> {
  try {
    await client.delete(pods, keyOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
  } catch (error) {
    if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
