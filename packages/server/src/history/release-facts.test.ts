import type { Release } from '@slipway/delivery/api/release';
import { expect, it } from 'vitest';
import { calculateNews } from './release-facts.ts';

it('tells causes before what follows from them, where one look brings both with one time', () => {
  const at = '2026-01-01T00:00:00.400000Z';
  const release = {
    metadata: { namespace: 'default', name: 'shop-1' },
    spec: { application: 'shop', version: '1' },
    status: {
      phase: 'Succeeded',
      attempts: [{ number: 1, cause: 'created', startedAt: at, endedAt: at, outcome: 'Succeeded' }],
      transitions: [
        { phase: 'Promoting', at, reason: 'every gate passed' },
        { phase: 'Succeeded', at, reason: 'the guard has ended' },
      ],
      replicas: { desired: 1, ready: 1, serving: 1 },
      gates: [{ name: 'health', attempt: 1, startedAt: at, endedAt: at, outcome: 'passed' }],
      health: [{ pod: 'shop-1-a', uid: 'a', outcome: 'passed', code: 200, answer: 'ok', at }],
    },
  } as unknown as Release;
  const news = calculateNews(undefined, release);
  // What has no time of its own too: times go on from line to line, whenever it was looked.
  expect(new Set(news.map((fact) => fact.at))).toEqual(new Set([at]));
  expect(news.map(({ text }) => text)).toEqual([
    'attempt 1 starts: created',
    'gate health starts',
    'gate health: passed',
    'health of shop-1-a: passed (200): ok',
    '1 of 1 pods ready, 1 serving',
    'Promoting: every gate passed',
    'Succeeded: the guard has ended',
    'attempt 1 has ended: Succeeded',
  ]);
});
