/**
 * Two controllers beside a cluster; the one that leads is killed at every step of a release, under short requests, slow
 * ones, uploads and WebSockets. The other one goes on where it was: the release ends right, no request fails, and no rule
 * of the interlock is ever broken.
 */
import type { Pod } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { pods } from '@slipway/kube/resources';
import { splits, type Split } from '@slipway/kube/split';
import { releases, type Release, type ReleasePhase } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Controllers } from './support/controllers.ts';
import { History } from './support/history.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';
import { applicationOn, type ReleasedApplication } from './support/traffic/released-application.ts';
import { startTraffic, type Traffic } from './support/traffic/traffic.ts';

const requestsPerSecond = 50;
const replicas = 3;
const namespace = 'default';
/** A step that takes longer will not come. */
const stepMilliseconds = 60_000;

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

describe('controllers as processes of their own', { timeout: 300_000 }, () => {
  const watching = new AbortController();
  let cluster: TestCluster;
  let controllers: Controllers;
  let application: ReleasedApplication;
  let traffic: Traffic;
  let observe: (version: string) => Observer;
  let history: History;
  let serving = 'v1';

  beforeAll(async () => {
    cluster = await startCluster({ words: ['--no-controller'] });
    controllers = new Controllers(cluster);
    observe = observer(cluster, watching.signal);
    history = new History(cluster.client);
    application = await applicationOn(cluster.client, 'shop', { replicas, guardSeconds: 1 });
    await Promise.all([controllers.start(), controllers.start()]);
    await application.ask(serving);
    await application.reaches({ version: serving, phases: ['Succeeded'] });
    const target = { target: cluster.gateway, host: application.host };
    traffic = await startTraffic({ ...target, rate: requestsPerSecond, versions: [serving] });
  });

  afterAll(async () => {
    watching.abort();
    application.close();
    await controllers.stop();
    await cluster.stop();
  });

  async function releaseAmidKills(
    version: string,
    spec: Parameters<ReleasedApplication['ask']>[1],
    steps: readonly Step[],
  ): Promise<void> {
    await traffic.load.allow([serving, version]);
    await application.ask(version, spec);
    const { reaches, hasOnly } = observe(version);
    for (const step of steps) {
      await reaches(step);
      await controllers.killLeader();
    }
    await application.reaches({ version, phases: ['Succeeded'] });
    await hasOnly(replicas);
    await traffic.load.allow([version]);
    serving = version;
    expect({ short: traffic.load.report.failures, others: traffic.clients.failures }).toEqual({
      short: [],
      others: [],
    });
  }

  it('finish a blue-green release whose leader is killed at each step', () =>
    releaseAmidKills('v2', { strategy: { type: 'blueGreen' } }, blueGreen));

  it('finish a rolling release whose leader is killed at each step', () =>
    releaseAmidKills('v3', { strategy: { type: 'rolling', rolling: { maxSurge: 1, maxUnavailable: 0 } } }, rolling));

  it('have lost no request and broken no rule', async () => {
    const { load, clients } = await traffic.stop();
    expect({ short: load.failures, others: clients.failures }).toEqual({ short: [], others: [] });
    expect(load.succeeded).toBe(load.sent);
    for (const { begun, right } of Object.values(clients.counts)) expect(right).toBe(begun);
    expect(await history.violations({ replicas })).toEqual([]);
    expect(history.length).toBeGreaterThan(100);
  });
});

interface Observer {
  reaches(step: Step): Promise<void>;
  /** Resolves when the version has so many ready pods and no other has any. */
  hasOnly(pods: number): Promise<void>;
}

function observer({ client }: TestCluster, signal: AbortSignal): (version: string) => Observer {
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
