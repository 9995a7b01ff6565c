import { pods } from '@slipway/kube/resources';
import { describe, expect, test } from 'vitest';
import { createDeliveryCluster } from '../../testing/delivery-cluster.ts';
import { runHistory, runInterrupted } from '../../testing/histories.ts';
import type { Happening, History } from '../../testing/history.ts';
import { labels } from '../names.ts';

/** Before its rounds are over, a first version is aborted. */
function aborted(rounds: number, given: Pick<History, 'strategy' | 'routed'>): History {
  const before = Array.from({ length: rounds }, (): Happening => ({ type: 'round' }));
  return { ...given, replicas: 2, happenings: [...before, { type: 'command', verb: 'abort' }] };
}

const cases: ReadonlyArray<readonly [string, Pick<History, 'strategy' | 'routed'>]> = [
  ['blueGreen', { routed: true, strategy: { type: 'blueGreen' } }],
  ['blueGreen inside the cluster', { routed: false, strategy: { type: 'blueGreen' } }],
  ['rolling', { routed: true, strategy: { type: 'rolling' } }],
];

/** The last moment at which an abort still refuses the version, which is when its pods have joined. */
function latestAbort(given: Pick<History, 'strategy' | 'routed'>): number {
  const isInTime = (rounds: number): boolean =>
    runHistory(aborted(rounds, given)).application.status?.serving === undefined;
  return Array.from({ length: 15 }, (_, rounds) => rounds).findLast(isInTime) ?? 0;
}

describe('a first release that is refused after its pods have joined the Service', () => {
  test.each(cases)('%s leaves nothing that leads to them, whichever effect the controller dies after', (_, given) => {
    const rounds = latestAbort(given);
    const history = aborted(rounds, given);
    const joined = runHistory({ ...history, happenings: history.happenings.slice(0, -1) }, { atRest: false });
    expect(joined.pods.some(({ metadata }) => metadata.labels?.[labels.serves] === 'true')).toBe(true);
    runInterrupted(history, ({ releases, pods, split }, at) => {
      expect(releases[0]?.status?.phase, `after effect ${at}`).toBe('Failed');
      expect(pods.map(({ metadata }) => metadata.labels?.[labels.serves])).toEqual([undefined, undefined]);
      expect(split).toBeUndefined();
    });
  });
});

describe('pods of first releases that failed', () => {
  test.each(['blueGreen', 'rolling', 'canary'])('stay for a look until another one is released by %s', async (type) => {
    const cluster = await createDeliveryCluster();
    const canary = type === 'canary' ? { canary: { steps: [{ setWeight: 50 }] } } : {};
    const deploy = async (image: string, version: string): Promise<void> => {
      await cluster.deploy({
        version,
        replicas: 2,
        template: { spec: { containers: [{ name: 'web', image, env: [{ name: 'V', value: version }] }] } },
        service: { ports: [{ port: 80 }] },
        route: { hosts: ['shop.localhost'] },
        healthCheck: { type: 'probe', timeoutSeconds: 2 },
        strategy: { type, ...canary },
        guardSeconds: 0,
      });
      await cluster.advance(30_000);
    };
    const running = async (): Promise<readonly string[]> => {
      const { items } = await cluster.client.list(pods, { namespace: 'default' });
      return items.map(({ metadata }) => metadata.labels?.[labels.release] ?? '');
    };
    await deploy('broken', 'a');
    expect((await cluster.release('a')).status?.phase).toBe('Failed');
    expect(await running()).toEqual(['shop-a', 'shop-a']);
    await deploy('broken', 'b');
    expect((await cluster.release('b')).status?.phase).toBe('Failed');
    expect(await running()).toEqual(['shop-b', 'shop-b']);
    await deploy('works', 'c');
    expect((await cluster.application()).status?.serving?.version).toBe('c');
    expect(await running()).toEqual(['shop-c', 'shop-c']);
    await cluster.stop();
  });
});
