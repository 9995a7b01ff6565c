import { describe, expect, test } from 'vitest';
import { condition, summary } from '../../testing/summary.ts';
import { failureOf, refusalOf, selectApplications, shownPhase, stateOf } from './select.ts';

const candidate = { version: '2', release: 'shop-2', phase: 'Progressing' };
const approval = 'somebody to approve sign-off (a ReleaseApproval of release shop-2)';

describe('the state of an application', () => {
  test.each([
    { name: 'is settled without a release', given: {}, state: 'settled' },
    { name: 'is releasing with one under way', given: { candidate }, state: 'releasing' },
    {
      name: 'is for a person who has to resume it',
      given: { candidate: { ...candidate, phase: 'Paused' } },
      state: 'person',
    },
    { name: 'is for a person where spec pauses it', given: { candidate, paused: true }, state: 'person' },
    { name: 'is settled where spec pauses nothing', given: { paused: true }, state: 'settled' },
    {
      name: 'is for a person who has to agree',
      given: { candidate: { ...candidate, waitingFor: approval } },
      state: 'person',
    },
    { name: 'is failed above all', given: { candidate, conditions: [condition('Failed', 'True')] }, state: 'failed' },
    {
      name: 'is failed with too few pods',
      given: { conditions: [condition('Available', 'False', { reason: 'TooFewPods' })] },
      state: 'failed',
    },
    {
      name: 'is not failed while a release explains missing pods',
      given: { candidate, conditions: [condition('Available', 'False', { reason: 'Releasing' })] },
      state: 'releasing',
    },
  ])('$name', ({ given, state }) => {
    expect(stateOf(summary(given))).toBe(state);
  });
});

describe('the chip of an application', () => {
  const conditions = [condition('Failed', 'True', { message: 'version 2: not healthy' })];
  test.each([
    { name: 'says its phase', given: {}, shown: 'Stable' },
    {
      name: 'says Failed, as its filter does, where what was asked for does not serve',
      given: { conditions },
      shown: 'Failed',
    },
    { name: 'says so too where nothing serves', given: { conditions, phase: 'Pending' }, shown: 'Failed' },
    {
      name: 'says what a release does that is under way',
      given: { conditions, candidate, phase: 'RollingBack' },
      shown: 'RollingBack',
    },
  ])('$name', ({ given, shown }) => {
    expect(shownPhase(summary(given))).toBe(shown);
  });
});

test('why it failed is the message, or the reason where there is none', () => {
  const conditions = [
    condition('Synced', 'False', { message: 'refused' }),
    condition('Valid', 'False', { message: 'no image' }),
  ];
  expect(failureOf({ conditions })).toBe('no image');
  expect(failureOf({ conditions: [condition('NameConflict', 'True', { reason: 'Taken' })] })).toBe(
    'NameConflict: Taken',
  );
});

test('a version that is refused and did not fail is no failure', () => {
  const message = 'version 2 was refused: ann went back; change spec or retry';
  const back = summary({ conditions: [condition('Synced', 'False', { reason: 'VersionRefused', message })] });
  expect([failureOf(back), refusalOf(back), stateOf(back), shownPhase(back)]).toEqual([
    undefined,
    message,
    'settled',
    'Stable',
  ]);
});

describe('selecting', () => {
  const all = [
    summary({ namespace: 'web', name: 'shop', hosts: ['shop.example.org'] }),
    summary({ namespace: 'web', name: 'api', candidate }),
    summary({ namespace: 'data', name: 'store' }),
  ];
  const names = (selection: Parameters<typeof selectApplications>[1]) =>
    selectApplications(all, selection).shown.map(({ namespace, name }) => `${namespace}/${name}`);

  test('orders by namespace and name', () => {
    expect(names({ search: '' })).toEqual(['data/store', 'web/api', 'web/shop']);
  });
  test.each([
    { search: 'SHO', found: ['web/shop'] },
    { search: 'example.org', found: ['web/shop'] },
    { search: ' web/a', found: ['web/api'] },
    { search: 'nothing', found: [] },
  ])('finds $found by "$search"', ({ search, found }) => {
    expect(names({ search })).toEqual(found);
  });
  test('counts states of the namespace, whichever is shown, and names every namespace', () => {
    const overview = selectApplications(all, { search: '', namespace: 'web', state: 'releasing' });
    expect(overview.shown).toHaveLength(1);
    expect(overview).toMatchObject({ total: 2, counts: { releasing: 1, settled: 1 }, namespaces: ['data', 'web'] });
  });
});
