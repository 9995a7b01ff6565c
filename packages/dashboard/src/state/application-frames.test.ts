import { expect, test } from 'vitest';
import { summary } from '../../testing/summary.ts';
import { applyFrame, emptyFleet, type ApplicationFrame, type Fleet } from './application-frames.ts';

function applyAll(fleet: Fleet, ...frames: readonly ApplicationFrame[]): Fleet {
  return frames.reduce(applyFrame, fleet);
}

const names = ({ applications }: Fleet): readonly string[] => [...applications.keys()];
const [one, two, three] = ['one', 'two', 'three'].map((name) => summary({ name }));
const snapshot = (items: readonly (typeof one)[], after: string): ApplicationFrame => ({
  type: 'snapshot',
  first: true,
  last: true,
  items: items.filter((item) => item !== undefined),
  after,
});

test('a snapshot that comes in parts counts when it is whole', () => {
  const before = applyAll(emptyFleet, snapshot([three], 'a.1'));
  const part = applyAll(before, { type: 'snapshot', first: true, last: false, items: [one ?? summary({})] });
  expect([names(part), part.after]).toEqual([['default/three'], 'a.1']);
  const whole = applyAll(part, {
    type: 'snapshot',
    first: false,
    last: true,
    items: [two ?? summary({})],
    after: 'b.7',
  });
  expect([names(whole), whole.after]).toEqual([['default/one', 'default/two'], 'b.7']);
});

test('a snapshot that begins anew forgets the one that did not come to its end', () => {
  const part = applyAll(emptyFleet, { type: 'snapshot', first: true, last: false, items: [one ?? summary({})] });
  expect(names(applyAll(part, snapshot([two], 'a.1')))).toEqual(['default/two']);
});

test('a frame without changes moves on and leaves all as it is', () => {
  const before = applyAll(emptyFleet, snapshot([one], 'a.1'));
  const fleet = applyAll(before, { type: 'changes', changed: [], removed: [], after: 'a.2' });
  expect(fleet.after).toBe('a.2');
  expect(fleet.applications).toBe(before.applications);
});

test('changes replace, add and remove', () => {
  const fleet = applyAll(emptyFleet, snapshot([one, two], 'a.1'), {
    type: 'changes',
    changed: [summary({ name: 'one', phase: 'Progressing' }), summary({ name: 'three' })],
    removed: [{ namespace: 'default', name: 'two' }],
    after: 'a.2',
  });
  expect([names(fleet), fleet.applications.get('default/one')?.phase, fleet.after]).toEqual([
    ['default/one', 'default/three'],
    'Progressing',
    'a.2',
  ]);
});
