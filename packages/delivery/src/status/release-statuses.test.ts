import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import { createWorld, observationOf } from '../../testing/simulation/world.ts';
import type { Release } from '../api/release.ts';
import { backendName } from '../names.ts';
import type { Action } from '../plan.ts';
import { planReleaseStatuses } from './release-statuses.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const release: Release = {
  metadata: { name: 'shop-v1', namespace: 'default' },
  spec: releaseSpec({
    version: 'v1',
    identity: { template: 'h1:1', configuration: 'h1:0' },
    strategy: { type: 'canary' },
  }),
  status: { phase: 'Progressing' },
};
const observation = { ...observationOf(createWorld({ template: {} })), releases: [release] };

function firstTrafficAt(...safe: readonly Action[]): string | undefined {
  const step = { actions: safe, status: release.status ?? { phase: 'Progressing' } };
  const statuses = planReleaseStatuses({ before: observation, after: observation, active: release, step, safe, now });
  return statuses.get('shop-v1')?.firstTrafficAt;
}

describe('that requests may come is written before the action after which they do', () => {
  const service = backendName(release.spec);
  const serving = { release: 'shop-v1', pods: ['p'], template: true };
  const others = { 'shop-v0': 100, 'shop-v1': 0 };

  test.each<{ name: string; action: Action }>([
    { name: 'a weight', action: { type: 'setSplit', weights: { 'shop-v0': 95, 'shop-v1': 5 } } },
    {
      name: 'those who fit a match',
      action: { type: 'setSplit', weights: others, handling: { matches: [{ service }] } },
    },
    { name: 'the Service of the Application', action: { type: 'setServing', serves: true, ...serving } },
  ])('$name', ({ action }) => expect(firstTrafficAt(action)).toBe('2026-01-01T00:00:00.000000Z'));

  test.each<{ name: string; action: Action }>([
    { name: 'no weight', action: { type: 'setSplit', weights: others } },
    { name: 'what leaves', action: { type: 'setServing', serves: false, ...serving } },
    { name: 'what concerns another', action: { type: 'setServing', serves: true, ...serving, release: 'shop-v0' } },
  ])('but not with $name', ({ action }) => expect(firstTrafficAt(action)).toBeUndefined());
});
