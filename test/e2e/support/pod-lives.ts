/** Many pods that live at the same time, and what kubectl shows of them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ConfigMap, Container, ContainerStatus, Pod, PodSpec, Secret } from '@slipway/kube/api.generated';
import { events, pods } from '@slipway/kube/resources';
import { podWhen } from '../../../packages/cluster/testing/node-cluster.ts';
import type { TestCluster } from './slipway.ts';

const patience = { milliseconds: 40_000, interval: 200 };

/** Asks again until there is an answer and it is as expected. Unlike `expect.poll` it does not need to know which test asks. */
export function soon<T>(ask: () => T | Promise<T>) {
  const retry = async (check: (answer: T) => void): Promise<void> => {
    const end = performance.now() + patience.milliseconds;
    for (;;) {
      try {
        check(await ask());
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
      }
      await setTimeout(patience.interval);
    }
  };
  return {
    toBe: (expected: T) => retry((answer) => expect(answer).toBe(expected)),
    toEqual: (expected: unknown) => retry((answer) => expect(answer).toEqual(expected)),
    toContain: (expected: unknown) => retry((answer) => expect(answer).toContain(expected)),
    toBeDefined: () => retry((answer) => expect(answer).toBeDefined()),
  };
}

export function mainOf({ status }: Pod): ContainerStatus | undefined {
  return status?.containerStatuses?.find(({ name }) => name === 'main');
}

type Manifest = Pod | ConfigMap | Secret;

/** A container that runs a line of shell with programs of this machine. */
export function shell(script: string, more: Partial<Container> = {}): Container {
  return { name: 'main', image: 'machine', command: ['sh', '-c', script], ...more };
}

/** A container that runs a line of JavaScript. */
export function script(source: string, more: Partial<Container> = {}): Container {
  return { name: 'main', image: 'machine', command: ['node', '-e', source], ...more };
}

/** A line of shell that runs until it is killed; a trap may come in between. */
export const forever = 'while :; do sleep 1000 & wait $!; done';

/** A line of shell that waits until the test opens the gate; the container must mount `gates`. */
export function awaitGate(name: string): string {
  return `until [ -e /gates/${name} ]; do sleep 0.1; done`;
}

/** A container's own folder that outlives its instances; the pod must have the volume. */
export const work = { name: 'work', mountPath: '/work' };

export const gates = { name: 'gates', mountPath: '/gates' };

/** Pods are collected with `given` while tests are declared, created at once, and watched from their first moment on. */
export class PodLives {
  readonly #manifests: Manifest[] = [];
  readonly #shown = new Map<string, string[]>();
  readonly #states = new Map<string, Pod[]>();
  readonly #recording = new AbortController();
  #recorded: Promise<void> | undefined;
  #cluster: TestCluster | undefined;
  #watch: ChildProcess | undefined;

  /** The name of a pod that will be there when tests run. All that it mounts as `gates` is held until `open`. */
  given(name: string, spec: PodSpec, metadata: Pod['metadata'] = {}): string {
    const mounts = [...(spec.initContainers ?? []), ...spec.containers].flatMap(
      ({ volumeMounts = [] }) => volumeMounts,
    );
    const isGated = mounts.some((mount) => mount.name === gates.name);
    const volumes = [...(spec.volumes ?? []), ...(isGated ? [{ name: gates.name, hostPath: { path: '' } }] : [])];
    this.#manifests.push({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, ...metadata },
      spec: { terminationGracePeriodSeconds: 1, ...spec, volumes },
    });
    return name;
  }

  givenObject(object: ConfigMap | Secret): void {
    this.#manifests.push(object);
  }

  async start(startCluster: () => Promise<TestCluster>): Promise<void> {
    const cluster = await startCluster();
    this.#cluster = cluster;
    await mkdir(this.#gatesDirectory(), { recursive: true });
    this.#startWatch(cluster);
    this.#recorded = this.#record(cluster);
    // A failure is seen when the cluster is stopped.
    this.#recorded.catch(() => undefined);
    await this.apply(...this.#manifests.map((manifest) => withGates(manifest, this.#gatesDirectory())));
  }

  async stop(): Promise<void> {
    this.#watch?.kill();
    this.#recording.abort(new Error('the tests are over'));
    await this.#recorded;
    await this.#cluster?.stop();
  }

  async apply(...manifests: readonly Manifest[]): Promise<void> {
    const file = join(this.cluster.directory, `${manifests[0]?.metadata.name ?? 'none'}.json`);
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
    await this.cluster.ask('apply', '-f', file);
  }

  open(gate: string): Promise<void> {
    return writeFile(join(this.#gatesDirectory(), gate), '');
  }

  get cluster(): TestCluster {
    if (this.#cluster === undefined) throw new Error('the cluster has not been started');
    return this.#cluster;
  }

  /** The STATUS column of a pod so far, without repetitions. */
  statuses(name: string): readonly string[] {
    return this.#shown.get(name) ?? [];
  }

  when(name: string, holds: (pod: Pod) => boolean): Promise<Pod> {
    return podWhen(this.cluster.client, name, holds);
  }

  /** The first state in a pod's whole life that holds, however long ago: for what does not stay. */
  async onceIn(name: string, holds: (pod: Pod) => boolean): Promise<Pod> {
    const find = (): Pod | undefined => this.#states.get(name)?.find(holds);
    await soon(find).toBeDefined();
    const found = find();
    if (found === undefined) throw new Error(`pod ${name} was never seen in that state`);
    return found;
  }

  /** By `kubectl wait`: `condition=Ready`, `jsonpath={.status.phase}=Failed`, `delete`. */
  async wait(name: string, condition: string): Promise<void> {
    await this.cluster.ask('wait', `pod/${name}`, `--for=${condition}`, '--timeout=40s');
  }

  async logs(name: string, ...words: readonly string[]): Promise<string> {
    return this.cluster.ask('logs', name, ...words);
  }

  /** What a pod says that runs to its end. */
  async result(name: string): Promise<readonly string[]> {
    const { status } = await this.when(
      name,
      ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed',
    );
    const logs = await this.logs(name);
    if (status?.phase === 'Failed') throw new Error(`pod ${name} failed: ${JSON.stringify(status)} ${logs}`);
    return logs.split('\n');
  }

  /** `Reason: message`, in no order. */
  async events(name: string): Promise<readonly string[]> {
    const fieldSelector = `involvedObject.name=${name}`;
    const { items } = await this.cluster.client.list(events, { namespace: 'default', fieldSelector });
    return items.map(({ reason, message }) => `${reason}: ${message}`);
  }

  #gatesDirectory(): string {
    return join(this.cluster.directory, 'gates');
  }

  async #record({ client }: TestCluster): Promise<void> {
    const { signal } = this.#recording;
    const { metadata } = await client.list(pods, { namespace: 'default' });
    const changes = client.watch(pods, { namespace: 'default', resourceVersion: metadata.resourceVersion, signal });
    for await (const { type, object } of changes) {
      if (type === 'BOOKMARK') continue;
      const { name = '' } = object.metadata;
      this.#states.set(name, [...(this.#states.get(name) ?? []), object]);
    }
    if (!signal.aborted) throw new Error('the watch of pods ended before the tests');
  }

  #startWatch({ kubeconfig }: TestCluster): void {
    const words = ['--kubeconfig', kubeconfig, 'get', 'pods', '--watch', '--no-headers'];
    this.#watch = spawn('kubectl', words, { stdio: ['ignore', 'pipe', 'ignore'] });
    const { stdout } = this.#watch;
    if (stdout === null) return;
    createInterface({ input: stdout }).on('line', (line) => {
      const [name = '', , status = ''] = line.split(/ +/);
      const before = this.#shown.get(name) ?? [];
      this.#shown.set(name, before.at(-1) === status ? before : [...before, status]);
    });
  }
}

function withGates(manifest: Manifest, path: string): Manifest {
  if (!('spec' in manifest)) return manifest;
  const volumes = (manifest.spec?.volumes ?? []).map((volume) =>
    volume.name === gates.name ? { ...volume, hostPath: { path } } : volume,
  );
  return { ...manifest, spec: { containers: [], ...manifest.spec, volumes } };
}
