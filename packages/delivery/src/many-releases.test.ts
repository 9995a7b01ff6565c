import { expect, test } from 'vitest';
import { releaseSpec } from '../testing/records.ts';
import { observationOf, createWorld } from '../testing/simulation/world.ts';
import type { Release } from './api/release.ts';
import { reconcileApplication } from './reconcile.ts';

const now = Date.UTC(2026, 0, 1);

/** How often a look at an Application with so many kept versions asks for the status of one. */
function countReads(kept: number): number {
  let reads = 0;
  const finishedAt = (index: number): string => new Date(now - (kept - index) * 1_000).toISOString();
  const releases = Array.from({ length: kept }, (_, index): Release => {
    const version = `v${index}`;
    const status: Release['status'] = {
      phase: 'Succeeded',
      finishedAt: finishedAt(index),
      ...(index === kept - 1 ? {} : { servedUntil: finishedAt(index + 1) }),
    };
    const release = {
      metadata: { name: `shop-${version}`, namespace: 'default' },
      spec: releaseSpec({ version, identity: { template: `h1:${index}`, configuration: 'h1:0' } }),
      get status() {
        reads += 1;
        return status;
      },
    };
    return release;
  });
  const world = createWorld({ template: {}, paused: true, history: { rollbackWindowSeconds: 3_600 } });
  reconcileApplication({ ...observationOf(world), releases }, now);
  return reads / kept;
}

test('a look costs as much for each of two hundred kept versions as for each of twenty', () => {
  expect(countReads(200)).toBeLessThan(1.5 * countReads(20));
});
