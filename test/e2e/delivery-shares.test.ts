/**
 * Whom the weights lead where, by every data plane: of requests, and of users who keep their version; and whom the hosts of a
 * preview do. Each gateway is a
 * `slipway gateway` alone, in front of the cluster.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clusterTitle,
  dataPlanes,
  startDeliveryCluster,
  type DataPlaneName,
  type DeliveryCluster,
} from './support/delivery-cluster.ts';
import { ask, countAnswers } from './support/traffic/count-answers.ts';
import { applicationOn, type ReleasedApplication } from './support/traffic/released-application.ts';

/** The whole count once, where it says most. */
const stands = [
  { weight: 5, requests: 2_000 },
  { weight: 35, requests: 10_000 },
] as const;
const [{ weight: firstWeight }] = stands;
const users = 200;
/** Percentage points. */
const tolerance = 2;

const steps = stands.flatMap(({ weight }) => [{ setWeight: weight }, { pause: {} }]);

const previewHosts = { own: 'next.localhost', covered: 'next.previewed.localhost' };

/** Somebody with a browser. */
interface User {
  cookie: string | undefined;
  /** Versions that answered, without repetitions. */
  readonly seen: string[];
}

describe(`shares of a canary, ${clusterTitle}`, { timeout: 300_000 }, () => {
  let cluster: DeliveryCluster;
  /** One without stickiness, and one with. */
  let loose: ReleasedApplication;
  let sticky: ReleasedApplication;
  /** One that waits for its promotion, meanwhile reached by a host of its own, and by one that its route covers. */
  let previewed: ReleasedApplication;
  const everybody: User[] = [];
  const missing = dataPlanes.map((dataPlane) => dataPlane.missing).find((reason) => reason !== undefined);

  beforeAll(async () => {
    cluster = await startDeliveryCluster({ hasGatewaysAlone: true });
    const spec = { replicas: 2, guardSeconds: 0 };
    loose = await applicationOn(cluster, 'loose', { ...spec, strategy: { type: 'canary', canary: { steps } } });
    sticky = await applicationOn(cluster, 'sticky', {
      ...spec,
      strategy: { type: 'canary', canary: { steps, stickySeconds: 3_600 } },
    });
    previewed = await applicationOn(cluster, 'previewed', {
      ...spec,
      route: { hosts: ['previewed.localhost', '*.previewed.localhost'] },
      strategy: { type: 'blueGreen', blueGreen: { autoPromote: false, previewHosts: Object.values(previewHosts) } },
    });
    await Promise.all(
      [loose, sticky, previewed].map(async (application) => {
        await application.ask('v1');
        await application.reaches({ version: 'v1', phases: ['Succeeded'] });
        await application.ask('v2');
      }),
    );
  });

  afterAll(async () => {
    loose?.close();
    sticky?.close();
    previewed?.close();
    await cluster?.stop();
  });

  function target(name: DataPlaneName): string {
    const found = cluster.gateways.get(name);
    if (found === undefined) throw new Error(`no gateway carries requests by ${name}`);
    return found;
  }

  /** Of the candidate, in percent. */
  async function shareOf(asked: Parameters<typeof countAnswers>[0]): Promise<number> {
    const counts = await countAnswers(asked);
    return ((counts.get('v2') ?? 0) / asked.requests) * 100;
  }

  /** What a data plane answers who asks for its hosts, a moment after the others. */
  async function answersOf(name: DataPlaneName): Promise<Readonly<Record<string, string>>> {
    const hosts = { main: previewed.host, other: 'any.previewed.localhost', ...previewHosts };
    const answers = Object.entries(hosts).map(async ([key, host]) => {
      const answer = await ask({ target: target(name), host }).then(({ body }) => body, String);
      return [key, /status \d+/.exec(answer)?.[0] ?? answer];
    });
    return Object.fromEntries(await Promise.all(answers));
  }

  describe.each([
    { when: 'before its promotion', main: 'v1', own: 'v2', covered: 'v2' },
    { when: 'after it', main: 'v2', own: 'status 404', covered: 'status 503' },
  ])('a preview $when', ({ main, own, covered }) => {
    beforeAll(async () => {
      await previewed.until('v2', ({ phase }) => phase === 'Paused' || phase === 'Succeeded');
      if (main === 'v1') return;
      await previewed.command('promote');
      await previewed.reaches({ version: 'v2', phases: ['Succeeded'] });
    });

    it.for(dataPlanes)('is led by $name where its hosts say', async ({ name, missing }, { skip }) => {
      skip(missing !== undefined, missing);
      await expect.poll(() => answersOf(name), { timeout: 30_000 }).toEqual({ main, other: main, own, covered });
    });
  });

  describe.each(stands)('at $weight %', ({ weight, requests }) => {
    beforeAll(async () => {
      await Promise.all(
        [loose, sticky].map(async (application) => {
          if (weight !== firstWeight) await application.command('resume');
          await application.stands('v2', weight);
        }),
      );
    });

    it.for(dataPlanes)('$name gives the candidate its share of requests', async ({ name, missing }, { skip }) => {
      skip(missing !== undefined, missing);
      for (const connections of ['kept alive', 'new'] as const) {
        const share = await shareOf({ target: target(name), host: loose.host, connections, requests: requests / 2 });
        expect(Math.abs(share - weight), `${share} % over connections that are ${connections}`).toBeLessThan(tolerance);
      }
    });

    it('gives it its share of new users, and leaves everybody else where they are', async ({ skip }) => {
      skip(missing !== undefined, missing);
      const newcomers = Array.from({ length: users }, (): User => ({ cookie: undefined, seen: [] }));
      everybody.push(...newcomers);
      // Who changes the gateway keeps the version.
      for (const { name } of [...dataPlanes, ...dataPlanes]) {
        for (const user of everybody) {
          const { body, cookie } = await ask({ target: target(name), host: sticky.host, cookie: user.cookie });
          user.cookie = cookie;
          if (user.seen.at(-1) !== body) user.seen.push(body);
        }
      }
      const moved = newcomers.filter(({ seen }) => seen.at(-1) === 'v2').length;
      expect(Math.abs((moved / users) * 100 - weight)).toBeLessThan(tolerance);
      // One version, or the new one after the old one: nobody sees the old one again.
      const paths = new Set(everybody.map(({ seen }) => seen.join(' then ')));
      const isFirst = weight === firstWeight;
      expect([...paths].toSorted()).toEqual(isFirst ? ['v1', 'v2'] : ['v1', 'v1 then v2', 'v2']);
      expect(newcomers.filter(({ seen }) => seen.length > 1)).toEqual([]);
    });
  });
});
