/** The agent on the process runtime at its lowest level: real programs, probes, logs and requests, without any rights. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod, PodSpec } from '@slipway/kube/api.generated';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { configMaps, pods } from '@slipway/kube/resources';
import { FakeNodeApi } from '../../../testing/fake-node-api.ts';
import { machineImage } from '../../../testing/machine-image.ts';
import { AddressPool } from '../../network/address-pool.ts';
import { ControlGroups } from '../control-groups/control-groups.ts';
import { diskFiles } from '../platform/disk-files.ts';
import { PlainIsolation } from '../runtimes/process/plain-isolation.ts';
import { ProcessRuntime } from '../runtimes/process/process-runtime.ts';
import { findTools } from '../runtimes/process/tools.ts';
import { startNodeAgent, type RunningAgent } from './node-agent.ts';

const server = `
  const body = require('node:fs').readFileSync(process.env.FILE, 'utf8');
  const server = require('node:http').createServer((request, response) => response.end(body + ' ' + request.url));
  server.listen(8080, process.env.POD_IP, () => console.log('listening as ' + process.env.GREETING));
  process.on('SIGTERM', () => { console.log('leaving'); process.exit(0); });`;

let api: FakeNodeApi;
let agent: RunningAgent;
let runtime: ProcessRuntime;
let dataDirectory: string;
let end: AbortController;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-node-'));
  const searchPath = process.env['PATH'] ?? '';
  const isolation = new PlainIsolation({
    clock: systemClock,
    dataDirectory,
    tools: findTools(['setpriv'], searchPath).tools,
    addresses: new AddressPool('127.201.0.0/17', 1),
    nodeAddress: '127.201.0.1',
    searchPath,
    nodeProgram: process.execPath,
    groupDirectories: [],
    mergeLayers: () => Promise.reject(new Error('the machine has no layers')),
  });
  const groups = new ControlGroups({ locations: {}, clock: systemClock });
  runtime = new ProcessRuntime({
    isolation,
    groups,
    images: machineImage,
    hasProgram: () => false,
    clock: systemClock,
    logger: silentLogger,
  });
  await runtime.start();
  api = new FakeNodeApi();
  end = new AbortController();
  agent = startNodeAgent({
    client: api.client,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    nodeName: 'node-1',
    runtime,
    dataDirectory,
    files: diskFiles,
    capacity: { cpu: '2', memory: '4Gi', pods: '110', ephemeralStorage: '10Gi' },
    addresses: [{ type: 'InternalIP', address: '127.201.0.1' }],
    machine: { operatingSystem: 'linux', architecture: 'amd64', kernelVersion: '', osImage: '' },
    signal: end.signal,
  });
  await agent.ready;
});

afterEach(async () => {
  await agent.shutDown(2);
  end.abort();
  await runtime.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

function createPod(spec: Partial<PodSpec>): void {
  const container = { name: 'app', image: 'machine', imagePullPolicy: 'IfNotPresent' as const };
  const containers = (spec.containers ?? []).map((own) => ({ ...container, ...own }));
  api.create(pods, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { nodeName: 'node-1', ...spec, containers },
  });
}

const getPod = (): Pod => api.get(pods, { namespace: 'default', name: 'web' });
const isReady = (): boolean =>
  getPod().status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await api.changed();
}

async function ask(path: string) {
  const answer = await agent.kubelet.handle({ method: 'GET', path, headers: {}, signal: new AbortController().signal });
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return { status: answer.status, text: Buffer.concat(chunks).toString() };
}

describe('a program in a pod', () => {
  it('gets its files and variables, becomes ready, answers, logs, and leaves when it is asked to', async () => {
    api.create(configMaps, { metadata: { name: 'settings', namespace: 'default' }, data: { word: 'hello' } });
    createPod({
      volumes: [{ name: 'config', configMap: { name: 'settings' } }],
      containers: [
        {
          name: 'app',
          command: ['node', '-e', server],
          env: [
            { name: 'FILE', value: '/config/word' },
            { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'word' } } },
          ],
          volumeMounts: [{ name: 'config', mountPath: '/config' }],
          readinessProbe: { httpGet: { port: 8080, path: '/readyz' }, periodSeconds: 10 },
        },
      ],
    });
    await until(isReady);
    const answer = await ask('/podProxy/default/web/8080/page?x=1');
    expect(answer).toEqual({ status: 200, text: 'hello /page?x=1' });
    // What a program says is read beside what it answers.
    const readLog = async (): Promise<string> => (await ask('/containerLogs/default/web/app')).text;
    await expect.poll(readLog, { timeout: 20_000 }).toBe('listening as hello\n');
    api.delete(pods, { namespace: 'default', name: 'web' }, 30);
    await until(() => api.list(pods).length === 0);
    expect(await runtime.list()).toEqual([]);
    await agent.shutDown(0);
    expect(await readdir(join(dataDirectory, 'pods'))).toEqual([]);
  });

  it('that crashes is started again, and its last log is kept', async () => {
    createPod({ containers: [{ name: 'app', command: ['node', '-e', 'console.error("broken"); process.exit(3)'] }] });
    await until(() => getPod().status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff');
    expect(getPod().status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    });
    expect((await ask('/containerLogs/default/web/app?previous=true')).text).toBe('broken\n');
  });

  it('that does not exist says so', async () => {
    createPod({ restartPolicy: 'Never', containers: [{ name: 'app', command: ['no-such-program'] }] });
    await until(() => getPod().status?.phase === 'Failed');
    expect(getPod().status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ reason: 'StartError' });
  });

  it('is asked by exec probes', async () => {
    createPod({
      containers: [{ name: 'app', command: ['sleep', '1000'], readinessProbe: { exec: { command: ['true'] } } }],
    });
    await until(isReady);
    expect(getPod().status?.phase).toBe('Running');
  });
});
