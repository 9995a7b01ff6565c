import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Pod } from '@slipway/kube/api.generated';
import { silentLogger } from '@slipway/kube/logger';
import { configMaps, events, leases, nodes, pods, services } from '@slipway/kube/resources';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { FakeNodeApi } from '../../../testing/fake-node-api.ts';
import { testContainer, testPod } from '../../../testing/pod-scenario.ts';
import type { Files } from '../files.ts';
import { diskFiles } from '../platform/disk-files.ts';
import { AddressRange } from '../runtimes/simulated/address-range.ts';
import { discardingFiles } from '../runtimes/simulated/discarding-files.ts';
import { simulatedAnnotations } from '../runtimes/simulated/rules.ts';
import { SimulatedRuntime } from '../runtimes/simulated/simulated-runtime.ts';
import { startNodeAgent, type RunningAgent } from './node-agent.ts';

const ends: Array<() => unknown> = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Given {
  readonly clock?: FakeClock;
  readonly api?: FakeNodeApi;
  readonly runtime?: SimulatedRuntime;
  readonly files?: Files;
  readonly memoryFiles?: Files;
  readonly dataDirectory?: string;
}

async function startAgent(given: Given = {}) {
  const clock = given.clock ?? new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  const api = given.api ?? new FakeNodeApi();
  const runtime = given.runtime ?? simulatedRuntime(clock);
  const end = new AbortController();
  ends.push(() => end.abort());
  const agent: RunningAgent = startNodeAgent({
    client: api.client,
    clock,
    random: () => 0.5,
    logger: silentLogger,
    nodeName: 'node-1',
    runtime,
    dataDirectory: given.dataDirectory ?? '/data',
    files: given.files ?? discardingFiles,
    memoryFiles: given.memoryFiles,
    capacity: { cpu: '2', memory: '4Gi', pods: '110', ephemeralStorage: '10Gi' },
    addresses: [
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'Hostname', address: 'node-1' },
    ],
    machine: { operatingSystem: 'linux', architecture: 'amd64', kernelVersion: '6.1', osImage: 'Debian' },
    maxConcurrentStarts: 1000,
    signal: end.signal,
  });
  await clock.advance(0);
  await agent.ready;
  await clock.advance(0);
  return { clock, api, runtime, agent, end };
}

function simulatedRuntime(clock: FakeClock): SimulatedRuntime {
  return new SimulatedRuntime({ clock, addresses: new AddressRange('10.244.0.0/16'), hostIP: '192.0.2.1' });
}

function boundPod(name: string, change: Partial<Pod['spec']> = {}): Pod {
  const pod = testPod({ nodeName: 'node-1', ...change });
  return { ...pod, metadata: { name, namespace: 'default', uid: `uid-of-${name}` } };
}

const phaseOf = (api: FakeNodeApi, name: string) => api.get(pods, { namespace: 'default', name }).status?.phase;

const eventsOfPods = (api: FakeNodeApi) =>
  api.list(events).filter(({ involvedObject }) => involvedObject.kind === 'Pod');

describe('the node', () => {
  it('is registered with its labels, resources, conditions and addresses', async () => {
    const { api } = await startAgent();
    const node = api.get(nodes, { name: 'node-1' });
    expect(node.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'node-1',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'node-role.kubernetes.io/control-plane': '',
    });
    expect(node.status?.allocatable).toEqual({ cpu: '2', memory: '4Gi', pods: '110', 'ephemeral-storage': '10Gi' });
    expect(node.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'MemoryPressure=False',
      'DiskPressure=False',
      'PIDPressure=False',
      'Ready=True',
    ]);
    expect(node.status?.nodeInfo).toMatchObject({
      kubeletVersion: 'v1.32.0',
      containerRuntimeVersion: 'simulated://0.1.0',
    });
  });

  it('renews its lease every 10 s', async () => {
    const { api, clock } = await startAgent();
    const renewed = () => api.get(leases, { namespace: 'kube-node-lease', name: 'node-1' }).spec?.renewTime;
    expect(renewed()).toBe('2026-01-01T00:00:00.000000Z');
    await clock.advance(10_000);
    expect(renewed()).toBe('2026-01-01T00:00:10.000000Z');
  });

  it('tells every five minutes how it is, and since when it is so', async () => {
    const { api, clock } = await startAgent();
    await clock.advance(320_000);
    const ready = api.get(nodes, { name: 'node-1' }).status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.lastHeartbeatTime).toMatch(/^2026-01-01T00:05:/);
    expect(ready?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
  });

  it('registers again where it was registered before', async () => {
    const { api } = await startAgent();
    await expect(startAgent({ api })).resolves.toBeDefined();
  });

  it('tells that it starts, and that it is ready where it was not, as what its name names', async () => {
    const told = (api: FakeNodeApi) => api.list(events).map(({ reason }) => reason);
    const { api, clock, end, agent } = await startAgent();
    expect(told(api)).toEqual(['Starting', 'NodeReady']);
    expect(api.list(events)[1]).toMatchObject({
      metadata: { namespace: 'default' },
      involvedObject: { kind: 'Node', name: 'node-1', uid: 'node-1' },
      message: 'Node node-1 status is now: NodeReady',
    });
    end.abort();
    await agent.done;
    await clock.advance(1);
    await startAgent({ api, clock });
    expect(told(api)).toEqual(['Starting', 'NodeReady', 'Starting']);
  });
});

describe('a container that names a port on which it may not listen', () => {
  it('is warned of it once, and of no other port', async () => {
    const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
    const addresses = new AddressRange('10.244.0.0/16');
    const simulated = new SimulatedRuntime({ clock, addresses, hostIP: '192.0.2.1' });
    const { api } = await startAgent({ clock, runtime: Object.assign(simulated, { firstPort: 1024 }) });
    const ports = [8080, 443, 80].map((containerPort) => ({ containerPort }));
    const low = boundPod('low', {
      containers: [testContainer({ name: 'web', ports }), testContainer({ name: 'other' })],
    });
    const annotations = { [simulatedAnnotations.exitAfter]: '1000', [simulatedAnnotations.exitCode]: '1' };
    api.create(pods, { ...low, metadata: { ...low.metadata, annotations } });
    await clock.advance(60_000);
    const { status } = api.get(pods, { namespace: 'default', name: 'low' });
    expect(status?.containerStatuses?.find(({ name }) => name === 'web')?.restartCount).toBeGreaterThan(1);
    const warnings = api.list(events).filter(({ reason }) => reason === 'PrivilegedPort');
    expect(warnings).toMatchObject([
      { type: 'Warning', count: 1, message: expect.stringContaining('Container web names port 80: ') },
    ]);
  });
});

describe('pods', () => {
  it('that are bound to the node run, others do not', async () => {
    const { api, clock } = await startAgent();
    api.create(pods, boundPod('mine'));
    api.create(pods, { ...boundPod('other'), spec: { containers: [testContainer()], nodeName: 'node-2' } });
    await clock.advance(0);
    expect([phaseOf(api, 'mine'), phaseOf(api, 'other')]).toEqual(['Running', undefined]);
    expect(eventsOfPods(api)[0]).toMatchObject({
      reason: 'Pulled',
      source: { component: 'kubelet', host: 'node-1' },
      involvedObject: { kind: 'Pod', name: 'mine', fieldPath: 'spec.containers{app}' },
    });
  });

  it('are deleted in two steps', async () => {
    const { api, clock } = await startAgent();
    api.create(pods, boundPod('web'));
    await clock.advance(0);
    api.delete(pods, { namespace: 'default', name: 'web' }, 30);
    await clock.advance(0);
    expect(api.list(pods)).toEqual([]);
  });

  it('that come back under the same name are other pods', async () => {
    const { api, clock, runtime } = await startAgent();
    api.create(pods, boundPod('web'));
    await clock.advance(0);
    api.delete(pods, { namespace: 'default', name: 'web' }, 0);
    api.create(pods, { ...boundPod('web'), metadata: { name: 'web', namespace: 'default', uid: 'second' } });
    await clock.advance(3000);
    expect(phaseOf(api, 'web')).toBe('Running');
    expect((await runtime.list()).map(({ sandbox }) => sandbox.podUid)).toEqual(['second']);
  });

  it('with a finalizer end once and wait', async () => {
    const { api, clock, runtime } = await startAgent();
    api.create(pods, boundPod('web'));
    await clock.advance(0);
    api.client.delete = () => Promise.resolve();
    api.patch(
      pods,
      { namespace: 'default', name: 'web' },
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 } },
    );
    await clock.advance(0);
    api.patch(pods, { namespace: 'default', name: 'web' }, { metadata: { labels: { seen: 'again' } } });
    await clock.advance(60_000);
    expect(await runtime.list()).toEqual([]);
    expect(
      api.get(pods, { namespace: 'default', name: 'web' }).status?.containerStatuses?.[0]?.state?.terminated?.exitCode,
    ).toBe(0);
  });

  it('know the Services of their namespace', async () => {
    const { api, clock, runtime } = await startAgent();
    let environment: Readonly<Record<string, string>> = {};
    const start = runtime.startContainer.bind(runtime);
    runtime.startContainer = (request) => {
      ({ environment } = request);
      return start(request);
    };
    api.create(services, {
      metadata: { name: 'db', namespace: 'default' },
      spec: { clusterIP: '10.96.0.9', ports: [{ port: 5432 }] },
    });
    await clock.advance(0);
    api.create(pods, boundPod('web'));
    await clock.advance(0);
    expect(environment).toMatchObject({ DB_SERVICE_HOST: '10.96.0.9', DB_PORT_5432_TCP_PORT: '5432', HOSTNAME: 'web' });
  });

  it('answer through the node', async () => {
    const { api, clock, agent } = await startAgent();
    const pod = boundPod('web');
    api.create(pods, {
      ...pod,
      metadata: {
        ...pod.metadata,
        annotations: { [simulatedAnnotations.health]: 'fine', [simulatedAnnotations.healthStatus]: '503' },
      },
    });
    await clock.advance(0);
    const answer = await agent.kubelet.handle({
      method: 'GET',
      path: '/podProxy/default/web/8080/health',
      headers: {},
      signal: new AbortController().signal,
    });
    expect(answer.status).toBe(503);
    const summary = await agent.kubelet.handle({
      method: 'GET',
      path: '/stats/summary',
      headers: {},
      signal: new AbortController().signal,
    });
    expect(summary.status).toBe(200);
  });
});

describe('an agent that starts anew', () => {
  it('adopts what runs and stops what the API does not know', async () => {
    const first = await startAgent();
    first.api.create(pods, boundPod('stays'));
    first.api.create(pods, boundPod('goes'));
    await first.clock.advance(0);
    first.end.abort();
    await first.clock.advance(0);
    first.api.delete(pods, { namespace: 'default', name: 'goes' }, 0);
    await startAgent(first);
    await first.clock.advance(3000);
    expect((await first.runtime.list()).map(({ containers }) => containers[0]?.containerId)).toEqual([
      'uid-of-stays_app_0',
    ]);
    expect(
      first.api.get(pods, { namespace: 'default', name: 'stays' }).status?.containerStatuses?.[0]?.restartCount,
    ).toBe(0);
  });

  it('starts the next attempt of what was lost', async () => {
    const first = await startAgent();
    first.api.create(pods, boundPod('web'));
    await first.clock.advance(0);
    first.end.abort();
    await first.clock.advance(0);
    const { clock, api } = first;
    await startAgent({ clock, api });
    await clock.advance(0);
    expect(api.get(pods, { namespace: 'default', name: 'web' }).status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      ready: true,
      lastState: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } },
    });
  });
});

describe('what goes well with a pod', () => {
  async function startBeside(slow: Promise<void>) {
    const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
    const addresses = new AddressRange('10.244.0.0/16');
    const runtime = new SimulatedRuntime({ clock, addresses, hostIP: '192.0.2.1' });
    const start = runtime.startContainer.bind(runtime);
    runtime.startContainer = async (request) => {
      if (request.podUid === 'uid-of-slow') await slow;
      return start(request);
    };
    const agent = await startAgent({ clock, runtime });
    for (const name of ['slow', 'fast']) agent.api.create(pods, boundPod(name));
    await clock.advance(0);
    const reasons = (name: string): readonly unknown[] =>
      agent.api
        .list(events)
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason }) => reason);
    return { ...agent, reasons };
  }

  it('is told when the pods that start beside it have started', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { api, clock, reasons } = await startBeside(promise);
    expect([phaseOf(api, 'fast'), reasons('fast')]).toEqual(['Running', []]);
    resolve();
    await clock.advance(0);
    for (const name of ['slow', 'fast']) expect(reasons(name)).toEqual(['Pulled', 'Created', 'Started']);
  });

  it('is told after a second when others are still starting', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock, reasons } = await startBeside(promise);
    await clock.advance(999);
    expect(reasons('fast')).toEqual([]);
    await clock.advance(1);
    expect(reasons('fast')).toEqual(['Pulled', 'Created', 'Started']);
    resolve();
    await clock.advance(0);
    expect(reasons('slow')).toEqual(['Pulled', 'Created', 'Started']);
  });
});

describe('what goes well with a pod while the agent ends', () => {
  const started = ['Pulled', 'Created', 'Started'];
  async function startInHaste() {
    const api = new FakeNodeApi();
    const patch = api.client.patch.bind(api.client);
    const { promise, resolve } = Promise.withResolvers<never>();
    // A status that is not taken: for a second nothing that can wait is told.
    Object.assign(api.client, {
      patch: (...given: Parameters<typeof patch>) => (given[0] === pods ? promise : patch(...given)),
    });
    ends.push(() => resolve(undefined as never));
    const running = await startAgent({ api });
    api.create(pods, boundPod('web'));
    await running.clock.advance(0);
    const reasons = () => eventsOfPods(api).map(({ reason }) => reason);
    expect([(await running.runtime.list()).length, reasons()]).toEqual([1, []]);
    return { ...running, reasons };
  }

  it('is told at once when it stops its pods', async () => {
    const { clock, agent, reasons } = await startInHaste();
    const before = clock.now();
    const done = agent.shutDown(0);
    await clock.advance(0);
    await done;
    expect([reasons().slice(0, 3), clock.now() - before]).toEqual([started, 0]);
    expect(reasons()).toContain('Killing');
  });

  it('is told before it is done, where its pods live on', async () => {
    const { clock, agent, end, reasons } = await startInHaste();
    end.abort();
    await clock.advance(0);
    await agent.done;
    expect(reasons()).toEqual(started);
  });
});

describe('shutting down', () => {
  it('stops every pod and leaves the objects', async () => {
    const { api, clock, runtime, agent } = await startAgent();
    for (const name of ['a', 'b']) api.create(pods, boundPod(name));
    await clock.advance(0);
    const done = agent.shutDown(2);
    await clock.advance(2000);
    await done;
    expect(await runtime.list()).toEqual([]);
    expect([phaseOf(api, 'a'), phaseOf(api, 'b')]).toEqual(['Running', 'Running']);
  });
});

describe('files of a pod', () => {
  it('are in memory if they show objects, and on disk if containers may write them', async () => {
    const clock = new FakeClock();
    const [onDisk, inMemory]: [string[], string[]] = [[], []];
    const noting = (paths: string[]): Files => ({
      ...discardingFiles,
      discards: false,
      writeFile: async (path) => void paths.push(path),
    });
    const runtime = Object.assign(simulatedRuntime(clock), { memoryDirectory: '/memory' });
    const { api } = await startAgent({ clock, runtime, files: noting(onDisk), memoryFiles: noting(inMemory) });
    api.create(configMaps, { metadata: { name: 'settings', namespace: 'default' }, data: { key: 'one' } });
    const containers = [testContainer({ name: 'app', terminationMessagePath: '/dev/termination-log' })];
    api.create(pods, boundPod('web', { containers, volumes: [{ name: 'v', configMap: { name: 'settings' } }] }));
    await clock.advance(1000);
    expect(phaseOf(api, 'web')).toBe('Running');
    expect(onDisk).toEqual(['/data/pods/uid-of-web/containers/app/0']);
    // What is not kept is written again when it is looked at again.
    expect(new Set(inMemory.map((path) => path.split('/..')[0]))).toEqual(
      new Set(['/memory/node-1/uid-of-web/volumes/v']),
    );
  });
});

describe('mounted objects', () => {
  it('are brought up to date in running pods, and go with the last one', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-agent-'));
    ends.unshift(() => removeBehind(dataDirectory));
    const { api, clock } = await startAgent({ files: diskFiles, dataDirectory });
    api.create(configMaps, { metadata: { name: 'settings', namespace: 'default' }, data: { key: 'one' } });
    api.create(pods, boundPod('web', { volumes: [{ name: 'v', configMap: { name: 'settings' } }] }));
    const file = join(dataDirectory, 'pods/uid-of-web/volumes/v/key');
    await until(clock, async () => (await readFile(file, 'utf8')) === 'one' && phaseOf(api, 'web') === 'Running');
    api.patch(configMaps, { namespace: 'default', name: 'settings' }, { data: { key: 'two' } });
    await until(clock, async () => (await readFile(file, 'utf8')) === 'two');
    api.delete(pods, { namespace: 'default', name: 'web' }, 1);
    await until(clock, async () => (await readdir(join(dataDirectory, 'pods'))).length === 0);
    expect(api.list(pods)).toEqual([]);
  });

  it('are current also when they changed between being read and being written', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-agent-'));
    ends.unshift(() => removeBehind(dataDirectory));
    const api = new FakeNodeApi();
    const key = { namespace: 'default', name: 'settings' };
    const file = join(dataDirectory, 'pods/uid-of-web/volumes/v/key');
    const seen: string[] = [];
    const files: Files = {
      ...diskFiles,
      writeFile: async (path, content, mode) => {
        if (path.endsWith('/key')) seen.push(Buffer.from(content).toString());
        if (seen.length === 1) api.patch(configMaps, key, { data: { key: 'two' } });
        await clock.advance(0);
        await diskFiles.writeFile(path, content, mode);
      },
    };
    const { clock } = await startAgent({ api, files, dataDirectory });
    api.create(configMaps, { metadata: key, data: { key: 'one' } });
    api.create(pods, boundPod('web', { volumes: [{ name: 'v', configMap: { name: 'settings' } }] }));
    await until(clock, async () => (await readFile(file, 'utf8')) === 'two' && phaseOf(api, 'web') === 'Running');
    expect(seen).toEqual(['one', 'two']);
  });
});

describe('labels of a running pod', () => {
  const item = (fieldPath: string) => ({ path: 'shown', fieldRef: { fieldPath } });

  it.each([
    { name: 'are looked at again where a volume shows them', fieldPath: 'metadata.labels', looks: 2 },
    { name: 'are looked at again where it shows one of them', fieldPath: "metadata.labels['app']", looks: 2 },
    { name: 'are nothing to a volume that shows something else', fieldPath: 'metadata.name', looks: 1 },
  ])('$name', async ({ fieldPath, looks }) => {
    const shown: string[] = [];
    const files: Files = {
      ...discardingFiles,
      discards: false,
      writeFile: async (path) => void (path.endsWith('/shown') && shown.push(path)),
    };
    const { api, clock } = await startAgent({ files });
    const volumes = [{ name: 'v', projected: { sources: [{ downwardAPI: { items: [item(fieldPath)] } }] } }];
    api.create(pods, boundPod('web', { volumes }));
    await clock.advance(1000);
    expect([phaseOf(api, 'web'), shown.length]).toEqual(['Running', 1]);
    api.patch(pods, { namespace: 'default', name: 'web' }, { metadata: { labels: { app: 'shop' } } });
    await clock.advance(1000);
    expect(shown).toHaveLength(looks);
  });
});

/** What has begun to write files when the agent ends goes on for a moment. */
function removeBehind(directory: string): Promise<void> {
  return rm(directory, { recursive: true, maxRetries: 10, retryDelay: 50 });
}

/** Real files take real time, which virtual time does not wait for. */
async function until(clock: FakeClock, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (performance.now() < deadline) {
    await clock.advance(0);
    if (await holds().catch(() => false)) return;
  }
  throw new Error('it did not come true');
}

describe('scale', () => {
  it('a thousand pods of one node become ready', async () => {
    const { api, clock } = await startAgent();
    for (let index = 0; index < 1000; index++) api.create(pods, boundPod(`pod-${index}`));
    await clock.advance(0);
    await clock.advance(0);
    expect(api.list(pods).every(({ status }) => status?.phase === 'Running')).toBe(true);
  });
});
