/**
 * Two controllers beside a cluster; the one that leads is killed at every step of a release, or sleeps past its lease, under
 * short requests, slow ones, uploads and WebSockets, by every data plane. The other one goes on where it was: the release
 * ends right, no request fails, and no rule of the interlock is ever broken.
 */
import type { Pod } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { delay } from '@slipway/kube/clock';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { pods } from '@slipway/kube/resources';
import { splits, type Split } from '@slipway/kube/split';
import { releases, type Release, type ReleasePhase } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControllerProcess } from './support/controller-process.ts';
import { clusterTitle, startDeliveryCluster, type DeliveryCluster } from './support/delivery-cluster.ts';
import { History } from './support/history.ts';
import { applicationOn, type ReleasedApplication } from './support/traffic/released-application.ts';
import { startTraffics, type Traffic } from './support/traffic/traffic.ts';

/** At each gateway. */
const requestsPerSecond = 25;
const replicas = 3;
/** A step that takes longer will not come. */
const stepMilliseconds = 60_000;
const quietMilliseconds = 1_000;

/** The release under way, as far as it has come. */
interface Progress {
  readonly phase: ReleasePhase | undefined;
  readonly waitingFor: string | undefined;
  readonly candidates: readonly Pod[];
  readonly others: readonly Pod[];
  /** Of the candidate in the split. */
  readonly weight: number;
}

interface Step {
  readonly name: string;
  isReached(progress: Progress): boolean;
}

const isReady = ({ status }: Pod): boolean => isConditionTrue(status?.conditions, 'Ready');
const serves = ({ metadata }: Pod): boolean => metadata.labels?.[labels.serves] === 'true';
const isIn =
  (...phases: readonly ReleasePhase[]): Step['isReached'] =>
  ({ phase }) =>
    phase !== undefined && phases.includes(phase);

const blueGreen: readonly Step[] = [
  { name: 'it begins', isReached: ({ phase }) => phase !== undefined },
  { name: 'its pods start', isReached: ({ candidates }) => candidates.length > 0 },
  { name: 'its pods are ready', isReached: ({ candidates }) => candidates.filter(isReady).length === replicas },
  { name: 'its traffic moves', isReached: ({ weight }) => weight > 0 },
  { name: 'its pods join the Service', isReached: ({ candidates }) => candidates.some(serves) },
  { name: 'it is guarded', isReached: isIn('Guarding', 'Succeeded') },
  { name: 'it has succeeded and the old one drains', isReached: isIn('Succeeded') },
];

const rolling: readonly Step[] = [
  { name: 'its first pod starts', isReached: ({ candidates }) => candidates.length > 0 },
  { name: 'its first pod serves', isReached: ({ weight }) => weight > 0 },
  { name: 'it is half done', isReached: ({ weight }) => weight > 50 },
  { name: 'all traffic has moved', isReached: ({ weight }) => weight === 100 },
  { name: 'it is guarded', isReached: isIn('Guarding', 'Succeeded') },
];

describe(`controllers as processes of their own, ${clusterTitle}`, { timeout: 300_000 }, () => {
  const watching = new AbortController();
  let cluster: DeliveryCluster;
  let application: ReleasedApplication;
  let traffics: readonly Traffic[];
  let observe: (version: string) => Observer;
  let history: History;
  let serving = 'v1';

  beforeAll(async () => {
    cluster = await startDeliveryCluster();
    observe = observer(cluster, watching.signal);
    history = new History(cluster);
    application = await applicationOn(cluster, 'shop', { replicas, guardSeconds: 1 });
    await application.ask(serving);
    await application.reaches({ version: serving, phases: ['Succeeded'] });
    const { host } = application;
    const gateways = [...cluster.gateways.values()];
    traffics = await startTraffics(
      gateways.map((target) => ({ target, host, rate: requestsPerSecond, versions: [serving] })),
    );
  });

  afterAll(async () => {
    watching.abort();
    application?.close();
    await Promise.all((traffics ?? []).map((traffic) => traffic.stop()));
    await cluster?.stop();
  });

  async function allow(...versions: readonly string[]): Promise<void> {
    await Promise.all(traffics.map(({ load }) => load.allow(versions)));
  }

  function expectNothingLost(): void {
    for (const { load, clients } of traffics)
      expect({ short: load.report.failures, others: clients.failures }).toEqual({ short: [], others: [] });
  }

  async function releaseAmidKills(
    version: string,
    spec: Parameters<ReleasedApplication['ask']>[1],
    steps: readonly Step[],
  ): Promise<void> {
    await allow(serving, version);
    await application.ask(version, spec);
    const { reaches, hasOnly } = observe(version);
    for (const step of steps) {
      await reaches(step);
      await cluster.controllers.killLeader();
    }
    await application.reaches({ version, phases: ['Succeeded'] });
    await hasOnly(replicas);
    await allow(version);
    serving = version;
    expectNothingLost();
  }

  it('finish a blue-green release whose leader is killed at each step', () =>
    releaseAmidKills('v2', { strategy: { type: 'blueGreen' } }, blueGreen));

  it('finish a rolling release whose leader is killed at each step', () =>
    releaseAmidKills('v3', { strategy: { type: 'rolling', rolling: { maxSurge: 1, maxUnavailable: 0 } } }, rolling));

  it('do nothing more when they wake up from a sleep in which another one took over', async () => {
    const steps = [{ setWeight: 40 }, { pause: {} }, { setWeight: 80 }, { pause: {} }];
    await allow(serving, 'v4');
    await application.ask('v4', { strategy: { type: 'canary', canary: { steps } } });
    await observe('v4').reaches({ name: 'it is at 40 %', isReached: isPausedAt(40) });
    const asleep = await cluster.controllers.leader();
    const before = await writesOfQuiet(asleep);
    asleep.signal('SIGSTOP');
    await cluster.controllers.leader(asleep);
    await application.command('resume');
    await observe('v4').reaches({ name: 'it is at 80 %', isReached: isPausedAt(80) });
    // It wakes up to everything that it missed, and believes for a moment that it leads.
    asleep.signal('SIGCONT');
    await application.command('promote');
    await application.reaches({ version: 'v4', phases: ['Succeeded'] });
    await expect.poll(() => asleep.log.join('\n'), { timeout: stepMilliseconds }).toContain('leads no more');
    // Where the machine is so busy that the other one has lost the lease to it since, it may write.
    expect(timesLed(asleep) === 1 ? await writesOf(asleep) : before).toEqual(before);
    await observe('v4').hasOnly(replicas);
    await allow('v4');
    serving = 'v4';
    expectNothingLost();
  });

  it('have lost no request and broken no rule', async () => {
    for (const { load, clients } of await Promise.all(traffics.map((traffic) => traffic.stop()))) {
      expect({ short: load.failures, others: clients.failures }).toEqual({ short: [], others: [] });
      expect(load.succeeded).toBe(load.sent);
      for (const { begun, right } of Object.values(clients.counts)) expect(right).toBe(begun);
    }
    expect(await history.violations({ replicas })).toEqual([]);
    expect(history.length).toBeGreaterThan(100);
  });
});

function isPausedAt(percent: number): Step['isReached'] {
  return ({ phase, weight }) => phase === 'Paused' && weight === percent;
}

function timesLed({ log }: ControllerProcess): number {
  return log.filter((line) => line.includes('leads now')).length;
}

/** Whatever it changed in the cluster, but its claims to the Lease: how often, by verb and kind. */
async function writesOf(controller: ControllerProcess): Promise<readonly string[]> {
  return (await controller.requests())
    .filter(({ verb, resource }) => isWrite(verb) && !resource.startsWith('leases.'))
    .map(({ verb, resource, code, count }) => `${count} × ${verb} ${resource}: ${code}`)
    .toSorted();
}

function isWrite(verb: string): boolean {
  return !['get', 'list', 'watch'].includes(verb);
}

/** When it has written all that there was to write: nothing has been added for a second. */
async function writesOfQuiet(controller: ControllerProcess): Promise<readonly string[]> {
  let last = await writesOf(controller);
  for (;;) {
    await delay(systemClock, quietMilliseconds);
    const now = await writesOf(controller);
    if (now.join() === last.join()) return now;
    last = now;
  }
}

interface Observer {
  reaches(step: Step): Promise<void>;
  /** Resolves when the version has so many ready pods and no other has any. */
  hasOnly(pods: number): Promise<void>;
}

function observer({ client, namespace }: DeliveryCluster, signal: AbortSignal): (version: string) => Observer {
  const common = { client, clock: systemClock, namespace };
  const all = {
    pods: new Informer<Pod>({ ...common, type: pods }),
    releases: new Informer<Release>({ ...common, type: releases }),
    splits: new Informer<Split>({ ...common, type: splits }),
  };
  for (const informer of Object.values(all)) informer.start(signal);
  const progressOf = (version: string): Progress => {
    const isCandidate = ({ metadata }: Pod): boolean => metadata.labels?.[labels.release] === `shop-${version}`;
    const backends = all.splits.list()[0]?.spec.rules[0]?.backends ?? [];
    const { phase, waitingFor } = all.releases.list().find(({ spec }) => spec.version === version)?.status ?? {};
    return {
      phase,
      waitingFor,
      candidates: all.pods.list().filter(isCandidate),
      others: all.pods.list().filter((pod) => !isCandidate(pod)),
      weight: backends.find((backend) => backend.version === version)?.weight ?? 0,
    };
  };
  const until = (version: string, { name, isReached }: Step): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (isReached(progressOf(version))) resolve();
    };
    const forget = [
      ...Object.values(all).map((informer) => informer.onChange(look)),
      systemClock.schedule(stepMilliseconds, () => {
        const { phase, waitingFor, weight } = progressOf(version);
        reject(
          new Error(`${version}, not reached: ${name}. Phase ${phase}, weight ${weight}, waiting for: ${waitingFor}`),
        );
      }),
    ];
    look();
    return promise.finally(() => forget.forEach((each) => each()));
  };
  return (version) => ({
    reaches: (step) => until(version, step),
    hasOnly: (count) =>
      until(version, {
        name: 'it is alone',
        isReached: ({ candidates, others }) => others.length === 0 && candidates.filter(isReady).length === count,
      }),
  });
}
