import type { Pod } from '@slipway/kube/api.generated';
import { expect, it } from 'vitest';
import { NewestPods } from './newest-pods.ts';

const pod = (uid: string, revision: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: uid, namespace: 'default', uid, resourceVersion: String(revision) },
});

it('takes what was asked for as long as it is newer than what is watched', () => {
  const newest = new NewestPods();
  newest.keep([pod('a', 10)]);
  expect(newest.choose([pod('a', 9), pod('b', 1)])).toEqual([pod('a', 10), pod('b', 1)]);
  expect(newest.kept).toBe(1);
  expect(newest.choose([pod('a', 10)])).toEqual([pod('a', 10)]);
  expect(newest.kept).toBe(0);
});

it('forgets pods that are gone', () => {
  const newest = new NewestPods();
  for (let uid = 0; uid < 100; uid += 1) {
    newest.keep([pod(`pod-${uid}`, 10)]);
    newest.choose([pod(`pod-${uid}`, 9)]);
  }
  expect(newest.kept).toBe(1);
  expect(newest.choose([])).toEqual([]);
  expect(newest.kept).toBe(0);
});
