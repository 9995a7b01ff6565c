/**
 * Every request is counted, by every strategy and every data plane, through everything that happens to an Application: short
 * ones at a constant rate, half of them over kept connections and half over new ones, answers that take seconds, bodies both
 * ways, uploads that take seconds, and WebSockets. All Applications go through the same acts together; the traffic does not stop between them.
 */
import type { Pod } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { nodes, pods } from '@slipway/kube/resources';
import { labels } from '@slipway/delivery/names';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  clusterTitle,
  dataPlanes,
  needsEmbedded,
  startDeliveryCluster,
  type DeliveryCluster,
} from './support/delivery-cluster.ts';
import {
  describeGrowth,
  hasEnded,
  listPodProcesses,
  measureUsage,
  processOf,
  type Usage,
} from './support/traffic/machine.ts';
import { longGuard, Performer } from './support/traffic/performer.ts';
import { plays } from './support/traffic/plays.ts';
import type { ClientFailure, Pace, Underway } from './support/traffic/protocol.ts';
import { startTraffics, type Traffic } from './support/traffic/traffic.ts';
import type { Visitor } from './support/traffic/visitor.ts';

/** Of one Application at one gateway. */
const requestsPerSecond = 10;
const pace: Pace = {
  slowEveryMilliseconds: 1_000,
  postEveryMilliseconds: 300,
  uploadEveryMilliseconds: 1_500,
  webSockets: 2,
  messageEveryMilliseconds: 200,
};
/** Longer than a request may be held. */
const patienceMilliseconds = 120_000;
const replicas = 2;
/** Below that a leak is not told from what comes and goes. */
const leastGone = 60;
const podsMilliseconds = 60_000;
/** Longer than anybody keeps an idle connection. */
const keptMilliseconds = 200_000;

describe(`strategies under load, ${clusterTitle}`, { timeout: 300_000 }, () => {
  let cluster: DeliveryCluster;
  let live: Informer<Pod>;
  let performers: readonly Performer[] = [];
  let before: Usage | undefined;
  const users: Visitor[] = [];
  const seen = new Set<string | undefined>();
  /** Failures that the rule for killed pods allows. */
  const lost = new Map<Traffic, readonly ClientFailure[]>();
  const watching = new AbortController();

  beforeAll(async () => {
    cluster = await startDeliveryCluster({ nodes: 2, leaseSeconds: 5 });
    const { client, namespace, directory, gateways } = cluster;
    live = new Informer<Pod>({ client, type: pods, clock: systemClock, namespace });
    live.onChange(({ current }) => seen.add(current?.metadata.uid));
    live.start(watching.signal);
    performers = await Promise.all(plays.map((play) => Performer.on(cluster, play)));
    before = directory === undefined ? undefined : await measureUsage(directory);
    const common = { rate: requestsPerSecond, pace, patienceMilliseconds };
    // A process for each gateway.
    const traffics = await Promise.all(
      [...gateways.values()].map((target) =>
        startTraffics(
          performers.map(({ application: { host }, serving }) => ({ ...common, target, host, versions: [serving] })),
        ),
      ),
    );
    for (const [index, performer] of performers.entries())
      performer.traffics = traffics.flatMap((all) => all[index] ?? []);
  });

  afterAll(async () => {
    await Promise.all(users.map((user) => user.stop()));
    await everybody((performer) => Promise.all(performer.traffics.map((traffic) => traffic.stop())));
    for (const { application } of performers) application.close();
    watching.abort();
    await cluster?.stop();
  });

  // Each act goes on where the one before has ended.
  let hasFailed = false;
  beforeEach(({ skip, onTestFailed }) => {
    skip(hasFailed, 'an act before has failed');
    onTestFailed(() => {
      hasFailed = true;
    });
  });

  async function everybody<T>(act: (performer: Performer) => Promise<T>): Promise<readonly T[]> {
    return Promise.all(performers.map(act));
  }

  function expectNothingLost(): void {
    const found = performers.flatMap(({ name, traffics }) =>
      traffics.map((traffic) => ({ name, short: traffic.load.report.failures, others: traffic.clients.failures })),
    );
    const allowed = performers.flatMap(({ name, traffics }) =>
      traffics.map((traffic) => ({ name, short: [], others: lost.get(traffic) ?? [] })),
    );
    expect(found).toEqual(allowed);
  }

  function podsOf({ name }: Performer): readonly Pod[] {
    return live.list().filter(({ metadata }) => metadata.labels?.[labels.application] === name);
  }

  /** Rejects after a minute: then it will not come. */
  function podsBecome(name: string, isSo: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const forget = [
      live.onChange(() => {
        if (isSo()) resolve();
      }),
      systemClock.schedule(podsMilliseconds, () =>
        reject(new Error(`not reached: ${name}, with ${describePods(live.list())}`)),
      ),
    ];
    return promise.finally(() => forget.forEach((each) => each()));
  }

  /** So many pods behind its Service, at least: in the middle of a release there may be more. */
  function serve(performer: Performer, count: number): Promise<void> {
    return podsBecome(
      `${count} pods of ${performer.name} serve`,
      () => podsOf(performer).filter(isServing).length >= count,
    );
  }

  /**
   * Users who come before an act and leave after it: `isRight` says what they may have seen, and no answer was wrong. Only
   * who was idle, as on a machine that stood still, may see another version.
   */
  async function withUsers<T>(
    performer: Performer,
    act: () => Promise<T>,
    isRight: (seen: readonly string[]) => boolean = (seen) => seen.length === 1,
  ): Promise<T> {
    const here = await performer.welcomeUsers();
    users.push(...here);
    const result = await act();
    await Promise.all(here.map((user) => user.stop()));
    for (const { versions, failures, moves } of here) {
      const wasIdle = moves.some(({ withinMilliseconds }) => withinMilliseconds >= performer.idleMilliseconds);
      const seen = { versions, moves };
      expect({ ...seen, failures, isRight: wasIdle || isRight([...versions]) }).toEqual({
        ...seen,
        failures: [],
        isRight: true,
      });
    }
    return result;
  }

  it('lose nothing in a release that a person takes from step to step', async () => {
    await everybody((performer) =>
      withUsers(performer, async () => {
        const version = await performer.begin();
        await performer.goTo(version, performer.play.stations.length - 1);
        await performer.complete(version);
      }),
    );
    expectNothingLost();
  });

  it('lose nothing when a release is aborted at each of its steps', async () => {
    await everybody((performer) =>
      withUsers(performer, async () => {
        for (const station of performer.play.stations.keys()) {
          const version = await performer.begin(longGuard);
          await performer.goTo(version, station);
          await performer.abort(version);
        }
      }),
    );
    expectNothingLost();
  });

  it('lose nothing on the way back to a version whose pods are gone', async () => {
    await everybody((performer) => {
      const before = performer.serving;
      return withUsers(
        performer,
        async () => {
          await performer.allow(before, 'v1');
          await performer.application.command('rollback', 'v1');
          await performer.complete('v1', 2);
        },
        // Those of the version that is rolled back move with it, and stay there.
        (seen) => ['v1', `${before}, v1`].includes(seen.join(', ')),
      );
    });
    expectNothingLost();
  });

  it('lose nothing when the leading controller is killed at each step, and pods are scaled', async () => {
    const versions = await everybody((performer) => performer.begin());
    for (const station of Array.from({ length: longest() }).keys()) {
      await Promise.all(
        performers.map(async (performer, index) => {
          const version = versions[index] ?? '';
          await performer.goTo(version, station, station);
          // Out, and in again, which during a release takes only pods that carry nothing.
          const [size] = [replicas + 1, replicas].slice(station);
          if (size !== undefined) await performer.application.ask(version, { replicas: size });
        }),
      );
      await cluster.controllers.killLeader();
    }
    await Promise.all(performers.map((performer, index) => performer.complete(versions[index] ?? '')));
    await everybody((performer) => serve(performer, replicas));
    expectNothingLost();
  });

  it('lose nothing when a node is drained in the middle of a release, and pods are deleted', async ({ skip }) => {
    const { items } = await cluster.client.list(nodes);
    const [kept, drained] = items
      .filter(({ spec }) => spec?.unschedulable !== true)
      .map(({ metadata }) => metadata.name);
    skip(kept === undefined || drained === undefined, 'the cluster has only one node that takes pods');
    const versions = await everybody((performer) => performer.beginAndStand());
    const selector = ['--pod-selector', labels.application, '--ignore-daemonsets', '--delete-emptydir-data'];
    await cluster.ask('drain', drained ?? '', ...selector, '--timeout=120s');
    expect(live.list().filter(({ spec }) => spec?.nodeName === drained)).toEqual([]);
    await cluster.ask('uncordon', drained ?? '');
    await everybody((performer) => serve(performer, replicas));
    await deleteOneOfEach();
    await Promise.all(performers.map((performer, index) => performer.leaveStanding(versions[index] ?? '')));
    expectNothingLost();
  });

  async function deleteOneOfEach(): Promise<void> {
    const gone = performers.map((performer) => podsOf(performer).find(isServing)?.metadata);
    const { client, namespace } = cluster;
    for (const pod of gone) await client.delete(pods, { namespace, name: pod?.name ?? '' });
    await podsBecome(
      'pods are gone',
      () => !live.list().some(({ metadata }) => gone.some((pod) => pod?.uid === metadata.uid)),
    );
    await everybody((performer) => serve(performer, replicas));
  }

  it('lose on killed pods what these had begun to answer, and what must not be sent twice', async ({ skip }) => {
    const reason = needsEmbedded('the processes of its pods');
    skip(reason !== undefined, reason);
    const directory = cluster.directory ?? '';
    const versions = await everybody((performer) => performer.beginAndStand());
    const doomed = await everybody(async (performer) => {
      const victim = podsOf(performer).find(isServing)?.metadata.name ?? '';
      return killUnderLoad(performer.traffics, { victim, pid: await processOf(directory, victim) });
    });
    expect(doomed.flat()).not.toEqual([]);
    await everybody((performer) => serve(performer, replicas));
    await Promise.all(performers.map((performer, index) => performer.leaveStanding(versions[index] ?? '')));
    expectNothingLost();
  });

  /** Gives what the pod had begun to answer when it was killed: that, and what must not be sent twice, is lost. */
  async function killUnderLoad(
    traffics: readonly Traffic[],
    { victim, pid }: { readonly victim: string; readonly pid: number },
  ): Promise<readonly Underway[]> {
    const isOnVictim = ({ pod }: Underway): boolean => pod === victim;
    await Promise.all(traffics.map((traffic) => traffic.until(({ underway }) => underway.some(isOnVictim))));
    // What it has begun cannot end any more, so that what must fail can be named before it does.
    process.kill(pid, 'SIGSTOP');
    const doomed = await Promise.all(
      traffics.map(async (traffic) => {
        const { post } = (await traffic.now()).counts;
        const { underway } = await traffic.until(({ counts }) => counts.post.begun > post.begun + 1);
        return underway.filter(isOnVictim);
      }),
    );
    process.kill(pid, 'SIGKILL');
    // Until then it takes connections.
    await hasEnded(pid);
    await Promise.all(
      traffics.map(async (traffic, index) => {
        const { underway } = await traffic.now();
        const open = new Set([...(doomed[index] ?? []), ...underway.filter(isUnanswered)].map(({ id }) => id));
        const { failures } = await traffic.until((report) => !report.underway.some(({ id }) => open.has(id)));
        expect(idsOf(failures.filter(isOnVictim))).toEqual(idsOf(doomed[index] ?? []));
        expect(failures.filter((failure) => !isOnVictim(failure) && !isUnrepeatable(failure))).toEqual([]);
        lost.set(traffic, failures);
      }),
    );
    return doomed.flat();
  }

  it('have been counted, every request, and leave nothing behind', async () => {
    const reports = await everybody(async ({ name, traffics }) => {
      const ended = await Promise.all(traffics.map((traffic) => traffic.stop()));
      return ended.map(({ load, clients }) => ({ name, load, clients }));
    });
    expectNothingLost();
    for (const { load, clients } of reports.flat()) {
      expect(load.succeeded).toBe(load.sent);
      for (const { begun, right, failed } of Object.values(clients.counts)) expect(right + failed).toBe(begun);
      expect(clients.socketsToldToLeave).toBeGreaterThan(0);
    }
    console.log(describeCounts(reports.flat(), [...lost.values()].flat()));
    await podsBecome('no others are left', () => live.list().length === replicas * performers.length);
    const { directory } = cluster;
    if (before === undefined || directory === undefined) return;
    const names = live.list().map(({ metadata }) => metadata.name);
    expect((await listPodProcesses(directory)).map(({ pod }) => pod).toSorted()).toEqual(names.toSorted());
    // Sandboxes that wait for a pod come and go; what pods left behind would be there for each of them.
    const gone = Math.max(leastGone, seen.size - names.length);
    const usage = before;
    const growth = async (): Promise<readonly string[]> =>
      describeGrowth(usage, await measureUsage(directory), gone / 2);
    // Connections are kept for a while by both ends.
    await expect.poll(growth, { timeout: keptMilliseconds, interval: 1_000 }).toEqual([]);
  });

  it.for(dataPlanes)('have had their requests carried by $name', ({ name, missing }, { skip }) => {
    skip(missing !== undefined, missing);
    expect(cluster.gateways.has(name)).toBe(true);
  });
});

function longest(): number {
  return Math.max(...plays.map(({ stations }) => stations.length));
}

function describePods(all: readonly Pod[]): string {
  const serving = new Set(all.filter(isServing));
  return all.map((pod) => `${pod.metadata.name}${serving.has(pod) ? ' serving' : ''}`).join(', ');
}

function isServing({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    metadata.labels?.[labels.serves] === 'true' &&
    isConditionTrue(status?.conditions, 'Ready')
  );
}

function isUnanswered({ kind, pod }: Underway): boolean {
  return (kind === 'post' || kind === 'upload') && pod === undefined;
}

/**
 * A request that may change something is sent to no second pod once one may have taken it. The built-in proxy says so;
 * HAProxy closes the client's connection as the pod has closed its own.
 */
function isUnrepeatable(failure: ClientFailure): boolean {
  return isUnanswered(failure) && /^status 502|^socket hang up$|ECONNRESET$|EPIPE$/.test(failure.reason);
}

function idsOf(all: readonly Underway[]): readonly string[] {
  return all.map(({ id }) => id).toSorted();
}

function describeCounts(
  reports: readonly {
    readonly name: string;
    readonly load: Traffic['load']['report'];
    readonly clients: Traffic['clients'];
  }[],
  failures: readonly ClientFailure[],
): string {
  const lines = reports.map(({ name, load, clients: { counts, socketsToldToLeave } }) => {
    const { slow, post, upload, socket } = counts;
    return `${name}: ${load.sent} short, ${slow.begun} slow, ${post.begun} bodies, ${upload.begun} uploads, ${socket.begun} WebSockets (${socketsToldToLeave} closed with 1001)`;
  });
  const killed = failures.map(
    ({ kind, id, pod, reason }) => `lost on a killed pod: ${kind} ${id} ${pod ?? ''} ${reason.trim()}`,
  );
  return [...lines, ...killed].join('\n');
}
