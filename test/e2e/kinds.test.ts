/** StatefulSets, DaemonSets, CronJobs and what bounds a namespace, by the ordinary kubectl. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from './support/execute.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const reason = await missing('kubectl');

function workload(kind: string, name: string, spec: object): object {
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'node:24', command: ['node', '-e', 'setInterval(()=>{},1000)'] }];
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } };
  const [apiVersion, selector] =
    kind === 'ReplicationController' ? ['v1', labels] : ['apps/v1', { matchLabels: labels }];
  return { apiVersion, kind, metadata: { name }, spec: { selector, template, ...spec } };
}

describe.skipIf(reason !== undefined)(`kinds${reason === undefined ? '' : ` (${reason})`}`, () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster();
  });

  afterAll(() => cluster.stop());

  async function apply(object: object): Promise<string> {
    const file = join(cluster.directory, 'object.json');
    await writeFile(file, JSON.stringify(object));
    return cluster.ask('apply', '-f', file);
  }

  it('a StatefulSet is rolled out in order, changed and taken back', async () => {
    await apply(workload('StatefulSet', 'db', { serviceName: 'db', replicas: 2 }));
    expect(await cluster.ask('rollout', 'status', 'statefulset/db', '--timeout=60s')).toContain(
      '2 new pods have been updated',
    );
    expect(await cluster.ask('get', 'pods', '-l', 'app=db', '-o', 'name')).toBe('pod/db-0\npod/db-1');
    await cluster.ask('set', 'env', 'statefulset/db', 'VERSION=2');
    await cluster.ask('rollout', 'status', 'statefulset/db', '--timeout=60s');
    expect(await cluster.ask('rollout', 'history', 'statefulset/db')).toMatch(/1 +<none>\n2 +<none>/);
    await cluster.ask('rollout', 'undo', 'statefulset/db');
    await cluster.ask('rollout', 'status', 'statefulset/db', '--timeout=60s');
    expect(await cluster.ask('get', 'pod', 'db-1', '-o', 'jsonpath={.spec.containers[0].env}')).toBe('');
    await cluster.ask('scale', 'statefulset/db', '--replicas=1');
    await cluster.ask('wait', '--for=delete', 'pod/db-1', '--timeout=30s');
    expect(await cluster.ask('get', 'statefulset', 'db', '--no-headers')).toMatch(/^db +1\/1 +\d+s$/);
    expect(await cluster.ask('describe', 'statefulset', 'db')).toMatch(
      /SuccessfulCreate .* statefulset-controller +create Pod db-0 in StatefulSet db successful/,
    );
  });

  it('a DaemonSet is on the node', async () => {
    await apply(workload('DaemonSet', 'agent', {}));
    await cluster.ask('rollout', 'status', 'daemonset/agent', '--timeout=60s');
    expect(await cluster.ask('get', 'ds', 'agent', '--no-headers')).toMatch(/^agent +1 +1 +1 +1 +1 +<none> +\d+s$/);
    await cluster.ask('rollout', 'restart', 'daemonset/agent');
    await cluster.ask('rollout', 'status', 'daemonset/agent', '--timeout=60s');
    expect(await cluster.ask('describe', 'daemonset', 'agent')).toContain('Desired Number of Nodes Scheduled: 1');
  });

  it('a ReplicationController is scaled', async () => {
    await apply(workload('ReplicationController', 'old', { replicas: 1 }));
    await cluster.ask('wait', '--for=jsonpath={.status.readyReplicas}=1', 'rc/old', '--timeout=30s');
    await cluster.ask('scale', 'rc/old', '--replicas=0');
    await cluster.ask('wait', '--for=jsonpath={.status.replicas}=0', 'rc/old', '--timeout=30s');
  });

  it('a CronJob shows its schedule, and a Job is made of it by hand', async () => {
    await cluster.ask('create', 'cronjob', 'tidy', '--image=node:24', '--schedule=0 3 1 1 *', '--', 'node', '-e', '0');
    expect(await cluster.ask('get', 'cj', 'tidy', '--no-headers')).toMatch(
      /^tidy +0 3 1 1 \* +<none> +False +0 +<none> +\d+s$/,
    );
    await cluster.ask('create', 'job', 'now', '--from=cronjob/tidy');
    await cluster.ask('wait', '--for=condition=complete', 'job/now', '--timeout=30s');
    const { stderr } = await cluster.kubectl('create', 'cronjob', 'x', '--image=a', '--schedule=soon');
    expect(stderr).toContain('spec.schedule: Invalid value: "soon": expected exactly 5 fields, found 1: [soon]');
  });

  it('a namespace is bounded', async () => {
    await cluster.ask('create', 'namespace', 'team');
    await apply({
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'bounds', namespace: 'team' },
      spec: { limits: [{ type: 'Container', default: { memory: '64Mi' }, max: { memory: '1Gi' } }] },
    });
    await cluster.ask('create', 'quota', 'small', '--hard=pods=1,limits.memory=128Mi', '-n', 'team');
    const run = (name: string, ...more: readonly string[]) =>
      cluster.kubectl('run', name, '--image=node:24', '-n', 'team', ...more, '--command', '--', 'node', '-e', '0');
    expect((await run('one', '--restart=Always')).exitCode).toBe(0);
    expect((await run('two')).stderr).toContain(
      'pods "two" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
    );
    await cluster.ask('wait', '--for=jsonpath={.status.used.pods}=1', 'quota/small', '-n', 'team', '--timeout=30s');
    expect(await cluster.ask('get', 'quota', '-n', 'team', '--no-headers')).toMatch(
      /^small +\d+s +pods: 1\/1 +limits\.memory: 64Mi\/128Mi$/,
    );
    expect(await cluster.ask('describe', 'limits', '-n', 'team')).toMatch(/Container +memory +- +1Gi +64Mi +64Mi/);
  });

  it('an autoscaler is made by its generator, in whichever version', async () => {
    await cluster.ask('create', 'deployment', 'web', '--image=node:24', '--replicas=0');
    await cluster.ask('autoscale', 'deployment', 'web', '--max=3', '--cpu-percent=60');
    expect(await cluster.ask('get', 'hpa', 'web', '--no-headers')).toMatch(
      /^web +Deployment\/web +cpu: <unknown>\/60% +1 +3 +0/,
    );
    expect(
      await cluster.ask(
        'get',
        'horizontalpodautoscalers.v1.autoscaling',
        'web',
        '-o',
        'jsonpath={.spec.targetCPUUtilizationPercentage}',
      ),
    ).toBe('60');
  });

  it.each([
    ['priorityclass', 'high', '--value=1000'],
    ['poddisruptionbudget', 'calm', '--selector=app=db', '--min-available=1'],
  ])('%s is made by its generator', async (kind, name, ...flags) => {
    await cluster.ask('create', kind, name, ...flags);
    expect(await cluster.ask('get', kind, name, '-o', 'name')).toContain(`/${name}`);
  });

  it.each(['statefulset', 'cronjob', 'networkpolicy', 'persistentvolumeclaim', 'hpa', 'storageclass'])(
    'explains a %s',
    async (kind) => {
      expect(await cluster.ask('explain', kind)).toMatch(/KIND: +\w+/);
    },
  );
});
