import { describe, expect, test } from 'vitest';
import { application, release, releaseSummary } from '../../testing/release.ts';
import { findLatest, listOffers, listReturns } from './verbs.ts';

const verbs = (input: Parameters<typeof listOffers>[0]) => listOffers(input).map(({ verb }) => verb);
const effect = (input: Parameters<typeof listOffers>[0], verb: string) =>
  listOffers(input).find((offer) => offer.verb === verb)?.effect ?? '';

describe('what is offered', () => {
  test.each([
    { name: 'while it moves', status: { phase: 'Progressing' }, offered: ['promote', 'pause', 'abort'] },
    {
      name: 'where a canary waits',
      status: { phase: 'Paused', stepIndex: 1 },
      offered: ['promote', 'resume', 'abort'],
    },
    {
      name: 'in a pause that ends by itself',
      status: { phase: 'Progressing', stepIndex: 1, stepSince: 't' },
      timed: true,
      offered: ['promote', 'resume', 'pause', 'abort'],
    },
    { name: 'under guard', status: { phase: 'Guarding' }, offered: ['abort'] },
    { name: 'on the way back', status: { phase: 'RollingBack' }, offered: [] },
  ] as const)('$name is $offered', ({ status, offered, ...rest }) => {
    const steps = [{ setWeight: 20 }, { pause: 'timed' in rest ? { seconds: 60 } : {} }];
    const candidate = release(status, { strategy: { type: 'canary', canary: { steps } } });
    expect(verbs({ application: application({}), candidate, history: [] })).toEqual(offered);
  });

  test('a blue-green release that waits is promoted, and resumed only where somebody paused it', () => {
    const strategy = { type: 'blueGreen' };
    const history = [] as const;
    expect(
      verbs({ application: application({}), candidate: release({ phase: 'Paused' }, { strategy }), history }),
    ).toEqual(['promote', 'abort']);
    const paused = release({ phase: 'Paused', pausedBy: 'ann' }, { strategy });
    expect(verbs({ application: application({}), candidate: paused, history })).toEqual(['promote', 'resume', 'abort']);
  });

  test('without a release: the refused version again, and the way back', () => {
    const refused = [{ version: '2', hash: 'h', by: 'gate', at: 't', reason: 'no database', generation: 1 }];
    const given = {
      application: application({ status: { refused } }),
      history: [releaseSummary('1'), releaseSummary('0')],
    };
    expect(verbs(given)).toEqual(['retry', 'rollback']);
    expect(effect(given, 'retry')).toContain('no database');
    expect(listOffers(given)[1]?.version).toBe('0');
    expect(
      verbs({
        ...given,
        application: application({ status: { refused: [{ ...refused[0], lifted: true } as (typeof refused)[0]] } }),
        history: [],
      }),
    ).toEqual([]);
  });

  test('an abort says who serves then', () => {
    const candidate = release({ phase: 'Progressing' });
    expect(effect({ application: application({}), candidate, history: [] }, 'abort')).toContain('returns to version 1');
    const { serving: _, ...first } = application({});
    expect(effect({ application: first, candidate, history: [] }, 'abort')).toContain('nothing serves then');
  });

  test('a resume says what comes next', () => {
    const candidate = release({ phase: 'Paused', stepIndex: 1 });
    expect(effect({ application: application({}), candidate, history: [] }, 'resume')).toContain('60 % of the traffic');
  });
});

test('one can go back to what has served and is still there, each version once', () => {
  const [early, late] = ['2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z'];
  const history = [
    releaseSummary('4', { phase: 'Failed' }),
    releaseSummary('never', { phase: 'Superseded' }),
    releaseSummary('1'),
    releaseSummary('3', { servedUntil: early }),
    releaseSummary('2', { phase: 'RolledBack', servedUntil: late }),
    releaseSummary('0', { phase: 'Superseded', servedUntil: early, uid: 'again' }),
    releaseSummary('0', { uid: 'older' }),
    releaseSummary('open', { phase: 'Guarding', servedUntil: early }),
    releaseSummary('old', { deletedAt: '2026-01-01T00:00:00Z' }),
  ];
  expect(listReturns(application({}), history).map(({ version }) => version)).toEqual(['2', '3', '0']);
  expect(listOffers({ application: application({}), history })[0]?.version).toBe('3');
});

test('the latest release is the one that has begun last, also where it was made before others', () => {
  const again = releaseSummary('1', { startedAt: '2026-01-03T00:00:00Z' });
  const later = releaseSummary('2', { createdAt: '2026-01-02T00:00:00Z' });
  expect(findLatest([later, again])?.version).toBe('1');
  expect(findLatest([])).toBeUndefined();
});
