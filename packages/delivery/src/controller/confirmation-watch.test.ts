import type { InformerChange } from '@slipway/kube/informer';
import type { Split, SplitInstanceStatus } from '@slipway/kube/split';
import { expect, test } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { ConfirmationWatch } from './confirmation-watch.ts';

const stepMilliseconds = 1_000;

function splitOf(instances: ReadonlyArray<Partial<SplitInstanceStatus>>, uid = 'u1'): Split {
  return {
    metadata: { namespace: 'default', name: 'shop', uid },
    spec: { application: 'shop', rules: [] },
    status: {
      instances: instances.map((instance) => ({ name: 'a', observedGeneration: 1, inForceSince: '', ...instance })),
    },
  };
}

/** Shows it one Split after the other, a second apart; undefined: there is none any more. Then it is asked for the last one. */
async function watched(...shown: ReadonlyArray<Split | undefined>): Promise<Readonly<Record<string, number>>> {
  const clock = new FakeClock();
  const watch = new ConfirmationWatch(clock);
  const listeners: Array<(change: InformerChange<Split>) => void> = [];
  watch.follow({
    onChange: (listener) => {
      listeners.push(listener);
      return () => undefined;
    },
  });
  let old: Split | undefined;
  for (const current of shown) {
    for (const listener of listeners) listener({ key: 'default/shop', old, current });
    await clock.advance(stepMilliseconds);
    clock.jump(-3_600_000);
    old = current;
  }
  return Object.fromEntries(watch.measure(shown.findLast((each) => each !== undefined)));
}

const confirmed = splitOf([{}]);
const taken = { conflicts: ['the host belongs to another'], unservedRules: [0] };

test.each([
  { name: 'counts from when it was first seen', shown: [confirmed, confirmed, confirmed], measured: { a: 3_000 } },
  {
    name: 'goes on where only what it carries and when it wrote it changes',
    shown: [confirmed, splitOf([{ backends: [], traffic: [], inForceSince: '2026-01-01T00:00:00.000000Z' }])],
    measured: { a: 2_000 },
  },
  {
    name: 'begins anew with another generation',
    shown: [confirmed, confirmed, splitOf([{ observedGeneration: 2 }])],
    measured: { a: 1_000 },
  },
  { name: 'begins anew where it is refused', shown: [confirmed, splitOf([taken])], measured: { a: 1_000 } },
  {
    name: 'begins anew where it is served again',
    shown: [splitOf([taken]), splitOf([taken]), confirmed],
    measured: { a: 1_000 },
  },
  {
    name: 'begins anew where more of it is served',
    shown: [splitOf([taken]), splitOf([{ ...taken, unservedRules: [] }])],
    measured: { a: 1_000 },
  },
  {
    name: 'goes on where the same is refused',
    shown: [splitOf([taken]), splitOf([{ ...taken, conflicts: [...taken.conflicts] }])],
    measured: { a: 2_000 },
  },
  {
    name: 'is of each instance its own',
    shown: [confirmed, splitOf([{}, { name: 'b' }]), splitOf([{}, { name: 'b', observedGeneration: 2 }])],
    measured: { a: 3_000, b: 1_000 },
  },
  {
    name: 'ends with an entry that goes, and begins anew where it returns',
    shown: [confirmed, splitOf([]), confirmed],
    measured: { a: 1_000 },
  },
  { name: 'ends with the entry', shown: [confirmed, splitOf([])], measured: {} },
  {
    name: 'is not that of another Split of the same name',
    shown: [confirmed, confirmed, splitOf([{}], 'u2')],
    measured: { a: 1_000 },
  },
  { name: 'ends with the Split', shown: [confirmed, undefined], measured: {} },
  {
    name: 'begins anew with a Split that was gone',
    shown: [confirmed, undefined, splitOf([{}], 'u2')],
    measured: { a: 1_000 },
  },
])('a confirmation $name', async ({ shown, measured }) => {
  expect(await watched(...shown)).toEqual(measured);
});

test('of a Split that has another in its place nothing is kept', async () => {
  const clock = new FakeClock();
  const watch = new ConfirmationWatch(clock);
  const next = splitOf([{}], 'u2');
  watch.follow({
    onChange: (listener) => {
      listener({ key: 'default/shop', old: undefined, current: confirmed });
      listener({ key: 'default/shop', old: confirmed, current: next });
      return () => undefined;
    },
  });
  expect(watch.measure(confirmed).size).toBe(0);
  expect([...watch.measure(next)]).toEqual([['a', 0]]);
  expect(watch.measure(undefined).size).toBe(0);
});
