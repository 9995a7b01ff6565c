/** Versions with sessions of their own, under load: a user stays with his, new ones get the newest, and nothing is lost. */
import { applications, type VersionSessions } from '@slipway/delivery/api/application';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { pods } from '@slipway/kube/resources';
import { labels } from '@slipway/delivery/names';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { noHaproxyReason } from '../../packages/gateway/testing/haproxy.ts';
import { clusterTitle, dataPlanes, startDeliveryCluster, type DeliveryCluster } from './support/delivery-cluster.ts';
import { applicationOn } from './support/traffic/released-application.ts';
import { startTraffic } from './support/traffic/traffic.ts';
import { startVisitor, type Visitor } from './support/traffic/visitor.ts';

const strategy = { type: 'rainbow', rainbow: { idleSeconds: 4 } } as const;
const patienceMilliseconds = 60_000;
/** More than a request of each gateway process. */
const some = 10;

interface Watched extends Pick<DeliveryCluster, 'client' | 'namespace'> {
  readonly name: string;
}

/** Resolves when the status says of an Application's sessions what is looked for. */
async function sessionsOf(
  { client, namespace, name }: Watched,
  isSo: (sessions: readonly VersionSessions[]) => boolean,
): Promise<void> {
  const stop = new AbortController();
  const fieldSelector = `metadata.name=${name}`;
  const informer = new Informer({ client, type: applications, clock: systemClock, namespace, fieldSelector });
  const { promise, resolve } = Promise.withResolvers<void>();
  informer.onChange(({ current }) => {
    if (isSo(current?.status?.sessions ?? [])) resolve();
  });
  informer.start(stop.signal);
  await promise.finally(() => stop.abort());
}

async function releasesWithPods({ client, namespace, name }: Watched): Promise<ReadonlySet<string | undefined>> {
  const { items } = await client.list(pods, { namespace, labelSelector: `${labels.application}=${name}` });
  const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return new Set(staying.map(({ metadata }) => metadata.labels?.[labels.release]));
}

/** What answers the visitor from now on. */
async function answersOf(visitor: Visitor): Promise<readonly string[]> {
  visitor.forget();
  await visitor.answers(some);
  return [...visitor.versions];
}

describe(`rainbow, ${clusterTitle}`, { timeout: 240_000 }, () => {
  let cluster: DeliveryCluster;

  beforeAll(async () => {
    const embeddedDataPlane = noHaproxyReason === undefined ? 'haproxy' : 'built-in';
    cluster = await startDeliveryCluster({ leaseSeconds: 5, embeddedDataPlane });
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  it.for(dataPlanes)(
    'by $name keeps users with their version until they leave, and loses none',
    async ({ name: dataPlane, missing }, { skip }) => {
      skip(missing !== undefined, missing);
      const target = cluster.gateways.get(dataPlane) ?? '';
      const name = `shop-${dataPlane}`;
      const watched = { ...cluster, name };
      const application = await applicationOn(cluster, name, { strategy, replicas: 2 });
      onTestFinished(() => application.close());
      const { host } = application;
      const visit = (): Visitor => {
        const visitor = startVisitor({ target, host });
        onTestFinished(() => visitor.stop());
        return visitor;
      };
      await application.ask('v1');
      await application.reaches({ version: 'v1', phases: ['Succeeded'] });
      const first = visit();
      await first.answers(some);
      // A WebSocket would keep its version: nobody of the load is to stay with one.
      const pace = { webSockets: 0 };
      const traffic = await startTraffic({ target, host, rate: 50, versions: ['v1'], pace, patienceMilliseconds });
      onTestFinished(async () => {
        await traffic.stop();
      });

      await traffic.load.allow(['v1', 'v2']);
      await application.ask('v2');
      await application.reaches({ version: 'v2', phases: ['Succeeded'] });
      await traffic.load.allow(['v2']);
      const second = visit();
      await second.answers(some);
      expect([await answersOf(first), await answersOf(second)]).toEqual([['v1'], ['v2']]);

      await traffic.load.allow(['v2', 'v3']);
      await application.ask('v3');
      await application.reaches({ version: 'v3', phases: ['Succeeded'] });
      await traffic.load.allow(['v3']);
      expect([await answersOf(first), await answersOf(second)]).toEqual([['v1'], ['v2']]);
      // The users of the load are gone by then: one is left to each, and the pods of as many.
      await sessionsOf(
        watched,
        (sessions) => sessions.filter(({ count, pods: ready }) => count === 1 && ready === 1).length === 2,
      );

      await traffic.load.allow(['v3', 'v2']);
      await application.command('rollback');
      await application.reaches({ version: 'v2', phases: ['Succeeded'], attempt: 2 });
      await traffic.load.allow(['v2']);
      expect([await answersOf(first), await answersOf(second)]).toEqual([['v1'], ['v2']]);

      await first.stop();
      await sessionsOf(watched, (sessions) => sessions.length === 1);
      const { load, clients } = await traffic.stop();
      await second.stop();
      expect({ short: load.failures, others: clients.failures }).toEqual({ short: [], others: [] });
      expect([first.failures, second.failures]).toEqual([[], []]);
      expect(load.succeeded).toBe(load.sent);
      // The last of the old pods drains for a second.
      await expect.poll(() => releasesWithPods(watched), { timeout: 30_000 }).toEqual(new Set([`${name}-v2`]));
    },
  );
});
