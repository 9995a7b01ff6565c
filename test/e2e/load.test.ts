/**
 * Every request is counted, through everything that happens to an Application: short ones at a constant rate, half of
 * them over kept connections and half over new ones, answers that take seconds, bodies both ways, and WebSockets.
 * The steps build on each other: the traffic does not stop between them.
 */
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { leases, pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noHaproxyReason } from '../../packages/gateway/testing/haproxy.ts';
import { startCluster } from './support/slipway.ts';
import { describeGrowth, listPodProcesses, measureUsage, processOf } from './support/traffic/machine.ts';
import type { ClientFailure, Underway } from './support/traffic/protocol.ts';
import { applicationOn, type ReleasedApplication } from './support/traffic/released-application.ts';
import { startTraffic, type Traffic } from './support/traffic/traffic.ts';

const requestsPerSecond = 200;
const blueGreenReleases = 20;
const replicas = 3;
const history = { limit: 8, rollbackWindowSeconds: 1 };
const leadership = { namespace: 'kube-system', name: 'slipway-controller' };
const rolling = { type: 'rolling', rolling: { maxSurge: 1, maxUnavailable: 0 } } as const;

interface DataPlane {
  readonly name: string;
  readonly words: readonly string[];
  /** Why it cannot be tried here. */
  readonly missing: string | undefined;
  /** Everything, or what differs between data planes. */
  readonly extent: 'everything' | 'core';
}

const dataPlanes: readonly DataPlane[] = [
  { name: 'the built-in proxy', words: [], missing: undefined, extent: 'everything' },
  { name: 'HAProxy', words: ['--data-plane', 'haproxy'], missing: noHaproxyReason, extent: 'core' },
];

describe.for(dataPlanes)('an Application under load by $name', ({ words, missing, extent }) => {
  let client: KubeClient;
  let directory: string;
  let application: ReleasedApplication;
  let traffic: Traffic;
  let live: Informer<Pod>;
  /** Ends what was started, in the opposite order. */
  const ending: (() => unknown)[] = [];
  let serving = 'v1';
  let lastNumber = 1;
  /** Failures that the rule for killed pods allows. */
  const lost: ClientFailure[] = [];

  beforeAll(async () => {
    if (missing !== undefined) return;
    const cluster = await startCluster({ words });
    ending.push(() => cluster.stop());
    ({ client, directory } = cluster);
    application = await applicationOn({ client }, 'shop', { strategy: { type: 'blueGreen' }, history });
    ending.push(() => application.close());
    const watching = new AbortController();
    ending.push(() => watching.abort());
    live = new Informer<Pod>({ client, type: pods, clock: systemClock, namespace: 'default' });
    live.start(watching.signal);
    await application.ask(serving);
    await application.reaches({ version: serving, phases: ['Succeeded'] });
    traffic = await startTraffic({
      target: cluster.gateway,
      host: application.host,
      rate: requestsPerSecond,
      versions: [serving],
    });
    ending.push(() => traffic.stop());
  });

  afterAll(async () => {
    for (const end of ending.toReversed()) await end();
  });

  // Each step goes on where the one before has ended.
  let hasFailed = false;
  beforeEach(({ skip, onTestFailed }) => {
    skip(missing !== undefined, missing);
    skip(hasFailed, 'a step before has failed');
    onTestFailed(() => {
      hasFailed = true;
    });
  });

  function expectNothingLost(): void {
    const { load, clients } = traffic;
    expect({ short: load.report.failures, others: clients.failures }).toEqual({ short: [], others: lost });
  }

  function nextVersion(): string {
    lastNumber += 1;
    return `v${lastNumber}`;
  }

  /** From when all traffic has moved, no answer may come from the version before. */
  async function release(spec: Parameters<ReleasedApplication['ask']>[1] = {}): Promise<void> {
    const version = nextVersion();
    await traffic.load.allow([serving, version]);
    await application.ask(version, spec);
    await application.reaches({ version, phases: ['Guarding', 'Succeeded'] });
    await traffic.load.allow([version]);
    serving = version;
    await application.reaches({ version, phases: ['Succeeded'] });
  }

  function servingPods(): readonly Pod[] {
    return live.list().filter(isServing);
  }

  function podsBecome(isSo: (all: readonly Pod[]) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const forget = live.onChange(() => {
      if (isSo(live.list())) resolve();
    });
    return promise.finally(forget);
  }

  it('loses nothing in a blue-green release', async () => {
    await release();
    expectNothingLost();
  });

  it('loses nothing in a rolling release', async () => {
    await release({ strategy: rolling });
    expectNothingLost();
  });

  it('loses nothing in a canary release, nor when one is aborted between its steps', async () => {
    await release({ strategy: { type: 'canary', canary: { steps: [{ setWeight: 20 }, { setWeight: 60 }] } } });
    const version = nextVersion();
    await traffic.load.allow([serving, version]);
    await application.ask(version, {
      strategy: { type: 'canary', canary: { steps: [{ setWeight: 40 }, { pause: {} }], stickySeconds: 60 } },
    });
    await application.reaches({ version, phases: ['Paused'] });
    await application.command('abort');
    await application.reaches({ version, phases: ['RolledBack'] });
    await traffic.load.allow([serving]);
    expectNothingLost();
  });

  it('loses nothing when a rolling release is aborted halfway', async () => {
    const version = nextVersion();
    await traffic.load.allow([serving, version]);
    await application.ask(version, { strategy: rolling });
    await application.carries(version, 25);
    await application.command('abort');
    await application.reaches({ version, phases: ['RolledBack'] });
    await traffic.load.allow([serving]);
    expectNothingLost();
  });

  it('loses nothing when a blue-green release is aborted after its traffic has moved', async () => {
    const version = nextVersion();
    await traffic.load.allow([serving, version]);
    await application.ask(version, { guardSeconds: 60 });
    await application.reaches({ version, phases: ['Guarding'] });
    await traffic.load.allow([version]);
    await traffic.until(() => true);
    await traffic.load.allow([serving, version]);
    await application.command('abort');
    await application.reaches({ version, phases: ['RolledBack'] });
    await traffic.load.allow([serving]);
    expectNothingLost();
  });

  it('loses nothing when it goes back to a version whose pods are gone', async () => {
    const [left, version] = [serving, 'v1'];
    await traffic.load.allow([left, version]);
    await application.command('rollback', version);
    await application.reaches({ version, phases: ['Succeeded'], attempt: 2 });
    await traffic.load.allow([version]);
    serving = version;
    expectNothingLost();
  });

  it('loses nothing on pods that are deleted', async () => {
    const [first, second] = servingPods();
    const gone = [first, second].map((pod) => pod?.metadata.uid);
    for (const pod of [first, second])
      await client.delete(pods, { namespace: 'default', name: pod?.metadata.name ?? '' });
    await podsBecome(
      (all) => !all.some(({ metadata }) => gone.includes(metadata.uid)) && all.filter(isServing).length === replicas,
    );
    expectNothingLost();
  });

  it('loses on a killed pod what it had begun to answer, and what must not be sent twice', async () => {
    const victim = servingPods()[0]?.metadata.name ?? '';
    const isOnVictim = ({ pod }: Underway): boolean => pod === victim;
    const { counts } = await traffic.until(({ underway }) =>
      ['slow', 'socket'].every((kind) => underway.some((each) => isOnVictim(each) && each.kind === kind)),
    );
    const pid = await processOf(directory, victim);
    // What it has begun cannot end any more, so that what must fail can be named before it does.
    process.kill(pid, 'SIGSTOP');
    const frozen = await traffic.until(({ counts: { slow } }) => slow.begun > counts.slow.begun + 1);
    const doomed = frozen.underway.filter(isOnVictim).map(({ id }) => id);
    process.kill(pid, 'SIGKILL');
    const { failures } = await traffic.until(({ underway }) => !underway.some(({ id }) => doomed.includes(id)));
    lost.push(...failures);
    expect(
      failures
        .filter(isOnVictim)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(doomed.toSorted());
    expect(failures.filter((failure) => !isOnVictim(failure) && !isUnrepeatable(failure))).toEqual([]);
    await podsBecome((all) => all.filter(isServing).length === replicas);
    expectNothingLost();
  });

  // Not skipped where it is not meant: what is skipped could not be tried.
  if (extent === 'everything') {
    it('loses nothing when its controller stops halfway and begins anew', async () => {
      const version = nextVersion();
      await traffic.load.allow([serving, version]);
      await application.ask(version, { strategy: { type: 'blueGreen', blueGreen: { promoteAfterSeconds: 3 } } });
      const { status } = await application.reaches({ version, phases: ['Progressing'] });
      const before = await client.get(leases, leadership);
      // Whoever leads stops within two seconds, when it sees that somebody else does, and leads again when that one is gone.
      const spec = { ...before.spec, holderIdentity: 'the test', leaseDurationSeconds: 1 };
      await client.patch(leases, leadership, { type: 'merge', body: { spec } }, { fieldManager: 'test' });
      const moved = await application.reaches({ version, phases: ['Guarding', 'Succeeded'] });
      await traffic.load.allow([version]);
      serving = version;
      const { acquireTime = '' } = (await client.get(leases, leadership)).spec ?? {};
      expect(acquireTime > (status?.startedAt ?? '')).toBe(true);
      expect(acquireTime < (moved.status?.trafficMovedAt ?? '')).toBe(true);
      await application.reaches({ version, phases: ['Succeeded'] });
      expectNothingLost();
    });

    it(`loses nothing in ${blueGreenReleases} blue-green releases, and leaves nothing behind`, async () => {
      await podsBecome((all) => all.length === replicas);
      const before = await measureUsage(directory);
      for (let count = 0; count < blueGreenReleases; count++) await release();
      await podsBecome((all) => all.length === replicas);
      expectNothingLost();
      const pods = live.list().map(({ metadata }) => metadata.name);
      expect((await listPodProcesses(directory)).map(({ pod }) => pod).toSorted()).toEqual(pods.toSorted());
      // Sandboxes that wait for a pod and connections come and go; what a pod left behind would be there sixty times.
      expect(describeGrowth(before, await measureUsage(directory), replicas * blueGreenReleases)).toEqual([]);
      // And the one before, which a rollback inside the window needs.
      expect(application.releases().length).toBeLessThanOrEqual(history.limit + 1);
    }, 300_000);
  }

  it('has counted every request', async () => {
    const { load, clients } = await traffic.stop();
    expect({ failures: load.failures, succeeded: load.succeeded }).toEqual({ failures: [], succeeded: load.sent });
    for (const { begun, right, failed } of Object.values(clients.counts)) expect(right + failed).toBe(begun);
    expect(clients.failures).toEqual(lost);
  });
});

function isServing({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    metadata.labels?.['slipway.dev/serves'] === 'true' &&
    isConditionTrue(status?.conditions, 'Ready')
  );
}

/**
 * A request that may change something is sent to no second pod once one may have taken it. The built-in proxy says so;
 * HAProxy closes the client's connection as the pod has closed its own.
 */
function isUnrepeatable({ kind, pod, reason }: ClientFailure): boolean {
  return kind === 'post' && pod === undefined && /^status 502|^socket hang up$|ECONNRESET$/.test(reason);
}
