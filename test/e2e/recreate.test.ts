/** Versions that must not meet, under load: every request waits at the gateway while nobody serves, and none is lost. */
import { pods } from '@slipway/kube/resources';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noHaproxyReason } from '../../packages/gateway/testing/haproxy.ts';
import { startCluster } from './support/slipway.ts';
import { applicationOn } from './support/traffic/released-application.ts';
import { startTraffic } from './support/traffic/traffic.ts';

const strategy = { type: 'recreate', recreate: { holdSeconds: 60 } } as const;
/** As long as a request may be held, on a slow machine too. */
const patienceMilliseconds = 60_000;

const dataPlanes = [
  { name: 'the built-in proxy', words: [], missing: undefined },
  { name: 'HAProxy', words: ['--data-plane', 'haproxy'], missing: noHaproxyReason },
];

describe.for(dataPlanes)('recreate by $name', ({ words, missing }) => {
  it.skipIf(missing !== undefined)('lets requests wait, and loses none, on the way there and back', async () => {
    const cluster = await startCluster({ words });
    onTestFinished(async () => {
      await cluster.stop();
    });
    const application = await applicationOn(cluster, 'shop', { strategy });
    onTestFinished(() => application.close());
    await application.ask('v1');
    await application.reaches({ version: 'v1', phases: ['Succeeded'] });
    const traffic = await startTraffic({
      target: cluster.gateway,
      host: application.host,
      rate: 100,
      versions: ['v1'],
      patienceMilliseconds,
    });
    onTestFinished(async () => {
      await traffic.stop();
    });

    await traffic.load.allow(['v1', 'v2']);
    await application.ask('v2');
    await application.reaches({ version: 'v2', phases: ['Guarding', 'Succeeded'] });
    await traffic.load.allow(['v2']);
    await application.reaches({ version: 'v2', phases: ['Succeeded'] });

    await traffic.load.allow(['v2', 'v3']);
    await application.ask('v3', { guardSeconds: 60 });
    await application.reaches({ version: 'v3', phases: ['Guarding'] });
    await application.command('abort');
    await application.reaches({ version: 'v3', phases: ['RolledBack'] });
    await traffic.load.allow(['v2']);

    const { load, clients } = await traffic.stop();
    expect({ short: load.failures, others: clients.failures }).toEqual({ short: [], others: [] });
    expect(load.succeeded).toBe(load.sent);
    const { items } = await cluster.client.list(pods, { namespace: 'default' });
    expect(new Set(items.map(({ metadata }) => metadata.labels?.['slipway.dev/release']))).toEqual(
      new Set(['shop-v2']),
    );
  });
});
