import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../testing/records.ts';
import type { Release } from './api/release.ts';
import type { Observation } from './observation.ts';
import { planPruning } from './pruning.ts';
import { emptyObservation } from '../testing/empty-observation.ts';

const begin = Date.UTC(2026, 0, 1);
const at = (seconds: number): string => new Date(begin + seconds * 1_000).toISOString();

function release(version: string, servedUntil: string | undefined): Release {
  return {
    metadata: { name: `shop-${version}`, namespace: 'default' },
    spec: releaseSpec({ version }),
    status: { phase: 'Succeeded', finishedAt: at(0), servedUntil },
  };
}

const observation: Observation = {
  ...emptyObservation({
    metadata: { name: 'shop', namespace: 'default' },
    spec: { template: {}, history: { limit: 1, rollbackWindowSeconds: 100 } },
    status: { serving: { version: 'b', release: 'shop-b', hash: 'h1:0' } },
  }),
  releases: [release('a', at(10)), release('b', undefined)],
};

describe('pruning', () => {
  test('looks again when the window of a release too many ends', () => {
    expect(planPruning(observation, begin + 50_000)).toEqual({ actions: [], requeueAfter: 60_001 });
    expect(planPruning(observation, begin + 110_001)).toEqual({
      actions: [{ type: 'deleteRelease', release: 'shop-a' }],
    });
  });

  test('waits for nothing while the releases are not too many', () => {
    const { application } = observation;
    const spec = { ...application.spec, history: { limit: 2 } };
    expect(planPruning({ ...observation, application: { ...application, spec } }, begin)).toEqual({ actions: [] });
  });

  test('looks again when a copy that no version names may go', () => {
    const metadata = { name: 'shop-settings-0', creationTimestamp: at(0) };
    const copies: Observation['copies'] = [{ kind: 'ConfigMap', object: { metadata } }];
    const unused = { ...observation, releases: [], copies };
    expect(planPruning(unused, begin)).toEqual({ actions: [], requeueAfter: 60_001 });
    expect(planPruning(unused, begin + 60_001).actions).toEqual([
      { type: 'deleteCopy', kind: 'ConfigMap', name: 'shop-settings-0' },
    ]);
  });
});
