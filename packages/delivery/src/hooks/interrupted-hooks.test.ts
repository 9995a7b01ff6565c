import { jobs } from '@slipway/kube/resources';
import { expect, test } from 'vitest';
import { createDeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import type { Hook } from '../api/hook.ts';

function job(name: string): Hook {
  return { name, job: { template: { spec: { containers: [{ name: 'main', image: 'migration' }] } } } };
}

const spec: Partial<ApplicationSpec> = {
  replicas: 1,
  template: { spec: { containers: [{ name: 'web', image: 'a' }] } },
  service: { ports: [{ port: 80 }] },
  hooks: {
    beforePromotion: [job('migrate'), { name: 'tell', webhook: { url: 'https://hooks.example.org/' } }],
    afterPromotion: [job('warm')],
  },
  guardSeconds: 0,
  drainSeconds: 0,
};

interface Outcome {
  readonly writes: number;
  readonly version: string | undefined;
  readonly jobs: readonly (string | undefined)[];
  readonly gates: readonly (string | undefined)[];
  /** Under how many names the webhook was called: who could not say before the end that it was heard calls again. */
  readonly keys: number;
}

async function release(crashAfterWrites?: number): Promise<Outcome> {
  const cluster = await createDeliveryCluster(crashAfterWrites === undefined ? {} : { crashAfterWrites });
  try {
    await cluster.deploy(spec);
    await cluster.advance(12_000);
    const { items } = await cluster.client.list(jobs, { namespace: 'default' });
    const { gates = [] } = (await cluster.release('1')).status ?? {};
    return {
      writes: cluster.deliveryWrites,
      version: (await cluster.application()).status?.serving?.version,
      jobs: items.map(({ metadata }) => metadata.labels?.['slipway.dev/hook']).toSorted(),
      gates: gates.flatMap(({ during, outcome }) => (during === undefined ? [] : [outcome])),
      keys: new Set(cluster.webhooks.calls.map(({ headers }) => headers['idempotency-key'])).size,
    };
  } finally {
    await cluster.stop();
  }
}

test('every hook runs once, whichever write the controller dies after', async () => {
  const { writes, ...whole } = await release();
  expect(whole).toEqual({
    version: '1',
    jobs: ['migrate', 'warm'],
    gates: ['passed', 'passed', 'passed'],
    keys: 1,
  });
  expect(writes).toBeGreaterThan(15);
  for (let at = 1; at <= writes; at += 1) expect(await release(at), `killed after write ${at}`).toMatchObject(whole);
}, 300_000);
