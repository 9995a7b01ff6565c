import type { Pod } from '@slipway/kube/api.generated';
import { createClient } from '@slipway/kube/kube-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import type { Release } from '../api/release.ts';
import type { HeardAnswer } from '../observation.ts';
import { HealthQuestions } from './health-questions.ts';

let clock: FakeClock;
let stop: AbortController;
let questions: HealthQuestions;
let asked: string[];
let heard: Map<string, HeardAnswer['outcome']>;

beforeEach(() => {
  clock = new FakeClock();
  stop = new AbortController();
  questions = new HealthQuestions(stop.signal);
  asked = [];
  heard = new Map();
});

afterEach(() => stop.abort(new Error('the test has ended')));

/** An API server that waits for pods which say nothing. */
const client = createClient({
  send: ({ path, signal }) => {
    asked.push(/pods\/([^/:]*)/.exec(path)?.[1] ?? '');
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('given up')), { once: true });
    });
  },
});

function release(attempt: number): Release {
  return {
    metadata: { name: 'shop-1', namespace: 'default' },
    spec: releaseSpec({
      applicationUid: 'a',
      strategy: { type: 'rolling' },
      healthCheck: { path: '/health', port: 80 },
      progressDeadlineSeconds: 1,
    }),
    status: {
      phase: 'Progressing',
      attempts: [{ number: attempt, cause: 'deploy', startedAt: '2026-01-01T00:00:00Z' }],
    },
  };
}

/** Ends at once, as the look does that asks. */
function ask(names: readonly string[], attempt = 1): void {
  const pods = names.map((name): Pod => ({ metadata: { name, namespace: 'default', uid: name } }));
  const onAnswer = (uid: string, { outcome }: HeardAnswer): void => void heard.set(uid, outcome);
  questions.begin({ client, clock, release: release(attempt), pods, onAnswer });
}

test('a pod is asked once until it has answered or its time is over', async () => {
  ask(['a', 'b']);
  ask(['a', 'b', 'c']);
  await clock.advance(4_000);
  expect(asked).toEqual(['a', 'b', 'c']);
  await clock.advance(1_000);
  expect([...heard.entries()]).toEqual([
    ['a', 'error'],
    ['b', 'error'],
    ['c', 'error'],
  ]);
  ask(['a']);
  await clock.advance(0);
  expect(asked).toEqual(['a', 'b', 'c', 'a']);
});

test('another attempt asks for itself', async () => {
  ask(['a'], 1);
  ask(['a'], 2);
  await clock.advance(0);
  expect(asked).toEqual(['a', 'a']);
});

test('a bounded number is asked at a time, and none after the end of the leadership', async () => {
  ask(Array.from({ length: 300 }, (_, index) => `pod-${index}`));
  await clock.advance(0);
  expect(asked).toHaveLength(256);
  stop.abort(new Error('another one leads'));
  await clock.advance(10_000);
  ask(['late']);
  await clock.advance(0);
  expect(asked).not.toContain('late');
});
