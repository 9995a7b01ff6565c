import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../testing/records.ts';
import type { Verb } from './api/release-command.ts';
import type { Release, ReleasePhase, ReleaseStatus } from './api/release.ts';
import { planCommands } from './commands.ts';
import { teardownFinalizer } from './names.ts';
import { reconcileApplication } from './reconcile.ts';
import type { Observation } from './observation.ts';
import { emptyObservation } from '../testing/empty-observation.ts';

const now = Date.UTC(2026, 0, 2);
const before = '2026-01-01T23:30:00.000000Z';
const longBefore = '2026-01-01T00:00:00.000000Z';

function release(version: string, status: ReleaseStatus): Release {
  return {
    metadata: { name: `shop-${version}` },
    spec: releaseSpec({ version, identity: { template: `t${version}`, configuration: 'c' }, drainSeconds: 1 }),
    status,
  };
}

const first = release('1', { phase: 'Succeeded', finishedAt: longBefore, servedUntil: before });
const second = release('2', { phase: 'Succeeded', finishedAt: before });

/** Version 2 serves, after version 1; version 3 is in the phase, where one is given. */
function observe(third: ReleaseStatus | undefined, commands: readonly [Verb, string?][]): Observation {
  return {
    ...emptyObservation({
      metadata: { name: 'shop', generation: 1 },
      spec: {},
      status: { serving: { version: '2', release: 'shop-2', hash: 't2' } },
    }),
    releases: third === undefined ? [first, second] : [first, second, release('3', third)],
    commands: commands.map(([verb, version], index) => ({
      metadata: { name: `${verb}-${index}` },
      spec: { application: 'shop', verb, version, requestedBy: 'ann' },
    })),
  };
}

function phaseAfter(third: ReleaseStatus | undefined, ...commands: readonly [Verb, string?][]): string {
  const { observation } = planCommands(observe(third, commands), now);
  const status = observation.releases.find(({ spec }) => spec.version === '3')?.status;
  return `${status?.phase ?? 'none'}${status?.promotedBy === undefined ? '' : ', promoted'}`;
}

function outcomeOf(third: ReleaseStatus | undefined, ...commands: readonly [Verb, string?][]): string {
  const { observation } = planCommands(observe(third, commands), now);
  const outcome = observation.releases.flatMap(({ status }) => status?.commands ?? []).at(-1);
  return `${outcome?.outcome}: ${outcome?.message}`;
}

describe('each verb in each phase', () => {
  test.each<[Verb, ReleasePhase | undefined, string]>([
    ['promote', undefined, 'none'],
    ['promote', 'Pending', 'Pending, promoted'],
    ['promote', 'Progressing', 'Progressing, promoted'],
    ['promote', 'Paused', 'Paused, promoted'],
    ['promote', 'Promoting', 'Promoting'],
    ['promote', 'Guarding', 'Guarding'],
    ['promote', 'RollingBack', 'RollingBack'],
    ['pause', 'Pending', 'Pending'],
    ['pause', 'Progressing', 'Paused'],
    ['pause', 'Paused', 'Paused'],
    ['pause', 'Promoting', 'Promoting'],
    ['pause', 'Guarding', 'Guarding'],
    ['pause', 'RollingBack', 'RollingBack'],
    ['resume', 'Progressing', 'Progressing'],
    ['resume', 'Paused', 'Paused'],
    ['abort', undefined, 'none'],
    ['abort', 'Pending', 'RollingBack'],
    ['abort', 'Progressing', 'RollingBack'],
    ['abort', 'Paused', 'RollingBack'],
    ['abort', 'Promoting', 'RollingBack'],
    ['abort', 'Guarding', 'RollingBack'],
    ['abort', 'RollingBack', 'RollingBack'],
    ['rollback', 'Pending', 'RollingBack'],
    ['rollback', 'Progressing', 'RollingBack'],
    ['rollback', 'Paused', 'RollingBack'],
    ['rollback', 'Promoting', 'RollingBack'],
    ['rollback', 'Guarding', 'RollingBack'],
    ['rollback', 'RollingBack', 'RollingBack'],
    ['retry', 'Progressing', 'Progressing'],
    ['retry', 'RolledBack', 'Pending'],
    ['retry', 'Failed', 'Pending'],
    ['retry', 'Superseded', 'Superseded'],
  ])('%s in phase %s gives %s', (verb, phase, expected) => {
    expect(phaseAfter(phase === undefined ? undefined : { phase }, [verb])).toBe(expected);
  });

  test.each<[string, ReleaseStatus | undefined, [Verb, string?], string]>([
    ['no release', undefined, ['promote'], 'refused: no release is under way that could be promoted'],
    [
      'a guard',
      { phase: 'Guarding' },
      ['promote'],
      'refused: version 3 has all traffic already; the guard ends at once',
    ],
    ['what goes back', { phase: 'RollingBack' }, ['rollback'], 'refused: version 3 goes back already'],
    ['what serves', undefined, ['rollback', '2'], 'refused: version 2 serves already'],
    [
      'what nobody kept',
      undefined,
      ['rollback', '9'],
      'refused: version 9 is not kept or has never served; versions that have: 1, 2',
    ],
    ['nothing', undefined, ['undo'], 'refused: there is no command that could be undone'],
    [
      'a release that runs',
      { phase: 'Progressing' },
      ['resume'],
      'refused: no release is paused: version 3 is Progressing',
    ],
  ])('says why it cannot: %s', (_, third, command, said) => {
    expect(outcomeOf(third, command)).toBe(said);
  });
});

test.each<[string, ReleaseStatus | undefined, string]>([
  ['a release that runs', { phase: 'Progressing' }, 'no release is paused: version 3 is Progressing'],
  ['no release', undefined, 'no release is paused'],
  ['a release that a person paused', { phase: 'Paused', pausedBy: 'ann' }, 'version 3 goes on'],
])('resume says that spec.paused holds everything: %s', (_, third, said) => {
  const seen = observe(third, [['resume']]);
  const { observation } = planCommands({ ...seen, application: { ...seen.application, spec: { paused: true } } }, now);
  const outcome = observation.releases.flatMap(({ status }) => status?.commands ?? []).at(-1);
  expect(outcome?.message).toBe(
    `${said}; no step is taken while spec.paused of the Application is true: set it to false`,
  );
});

describe('rollback', () => {
  test('returns to the version before, without gates inside the window, and refuses what it leaves', () => {
    const { observation } = planCommands(observe(undefined, [['rollback']]), now);
    expect(observation.releases.map(({ spec, status }) => `${spec.version} ${status?.phase}`)).toEqual([
      '2 Succeeded',
      '1 Pending',
    ]);
    expect(observation.releases[1]?.status).toMatchObject({
      promotedBy: 'ann (as claimed)',
      attempts: [{ cause: 'rollback', by: 'ann (as claimed)' }],
    });
    expect(observation.application.status?.refused).toMatchObject([
      { version: '2', by: 'ann (as claimed)', reason: 'rolled back by ann (as claimed)' },
    ]);
  });

  test('goes through the gates when the window has passed', () => {
    const seen = observe(undefined, [['rollback']]);
    const old = { ...first, status: { phase: 'Succeeded', servedUntil: longBefore } as const };
    const { observation } = planCommands({ ...seen, releases: [old, second] }, now);
    expect(observation.releases.at(-1)?.status?.promotedBy).toBeUndefined();
    expect(observation.releases.at(-1)?.status?.commands?.[0]?.message).toContain('through its gates');
  });

  test('to another version sends back what is under way', () => {
    const { observation } = planCommands(observe({ phase: 'Progressing' }, [['rollback', '1']]), now);
    expect(observation.releases.map(({ spec, status }) => `${spec.version} ${status?.phase}`)).toEqual([
      '2 Succeeded',
      '3 RollingBack',
      '1 Pending',
    ]);
  });
});

describe('a command', () => {
  const none = { ...observe(undefined, [['abort']]), releases: [] };

  test('is answered in the status of an Application that has no release', () => {
    const { observation, actions } = planCommands(none, now);
    expect(observation.application.status?.commands).toMatchObject([
      { name: 'abort-0', outcome: 'refused', message: 'no release is under way that could be aborted' },
    ]);
    expect(actions).toEqual([{ type: 'deleteCommand', name: 'abort-0' }]);
    expect(planCommands(observation, now)).toEqual({ observation, announcements: [], actions });
  });

  test('is forgotten there after five others', () => {
    const verbs = Array.from({ length: 7 }, (): [Verb] => ['abort']);
    const { observation } = planCommands({ ...observe(undefined, verbs), releases: [] }, now);
    expect(observation.application.status?.commands?.map(({ name }) => name)).toEqual(
      [2, 3, 4, 5, 6].map((index) => `abort-${index}`),
    );
  });

  test('that an earlier look carried out is only deleted', () => {
    const noted = [{ name: 'abort-0', verb: 'abort', at: before, outcome: 'accepted', message: '' } as const];
    const seen = observe({ phase: 'Progressing', commands: noted }, [['abort']]);
    const { observation, actions } = planCommands(seen, now);
    expect(observation).toEqual(seen);
    expect(actions).toEqual([{ type: 'deleteCommand', name: 'abort-0' }]);
  });
});

describe('undo', () => {
  test.each<[string, ReleasePhase, Verb, string]>([
    ['a promotion that has not begun', 'Paused', 'promote', 'Paused'],
    ['a pause', 'Progressing', 'pause', 'Progressing'],
    ['an abort', 'Guarding', 'abort', 'Progressing'],
    ['a retry', 'RolledBack', 'retry', 'Superseded'],
  ])('takes back %s', (_, phase, verb, expected) => {
    expect(phaseAfter({ phase, startedAt: before }, [verb], ['undo'])).toBe(expected);
  });

  const outcome = { name: 'earlier', requestedBy: 'ann', outcome: 'accepted', message: '' } as const;
  const byHealth = { phase: 'RolledBack', by: 'health', reason: 'it is not healthy' } as const;

  test.each<[string, ReleaseStatus]>([
    [
      'of a version that its gate sends back after it',
      {
        phase: 'RollingBack',
        ending: byHealth,
        attempts: [{ number: 2, cause: 'rollback', startedAt: before }],
        commands: [{ ...outcome, verb: 'rollback', at: before }],
      },
    ],
    [
      'of an earlier attempt',
      {
        phase: 'RollingBack',
        ending: { ...byHealth, by: 'guard' },
        attempts: [{ number: 2, cause: 'deploy', startedAt: before }],
        commands: [{ ...outcome, verb: 'abort', at: longBefore }],
      },
    ],
  ])('leaves alone a command %s', (_, third) => {
    expect(phaseAfter(third, ['undo'])).toBe('RollingBack');
    expect(outcomeOf(third, ['undo'])).toMatch(/^refused: /);
  });

  test('of the current attempt alone names what it takes back', () => {
    const attempts = [{ number: 2, cause: 'deploy', startedAt: before }];
    const aborted: ReleaseStatus = {
      phase: 'Progressing',
      attempts,
      commands: [{ ...outcome, verb: 'abort', at: longBefore }],
    };
    expect(outcomeOf(aborted, ['undo'])).toBe('refused: there is no command that could be undone');
  });

  test('says what takes back the traffic of a version where nothing is undone any more', () => {
    const outcome = { name: 'p', verb: 'promote', outcome: 'accepted', message: '', at: before } as const;
    const promoted: ReleaseStatus = { phase: 'Guarding', startedAt: before, commands: [outcome] };
    expect(outcomeOf(promoted, ['undo'])).toMatch(
      /^refused: promote of version 3 .* cannot be undone any more: the version is Guarding; abort takes its traffic back$/,
    );
  });

  test('says what brings a version again whose abort is not undone any more', () => {
    const outcome = { name: 'a', verb: 'abort', outcome: 'accepted', message: '', at: before } as const;
    const aborted: ReleaseStatus = { phase: 'RolledBack', startedAt: before, commands: [outcome] };
    expect(outcomeOf(aborted, ['undo'])).toMatch(/ cannot be undone any more: .* RolledBack; retry tries it again$/);
  });

  test('of a promotion pauses again what was paused', () => {
    const { observation } = planCommands(observe({ phase: 'Progressing' }, [['pause'], ['promote'], ['undo']]), now);
    const { status } = observation.releases.at(-1) ?? {};
    expect(status).toMatchObject({ phase: 'Paused', pausedBy: 'ann (as claimed)' });
    expect(status).not.toHaveProperty('promotedBy');
    expect(status?.commands?.at(-1)?.message).toBe(
      'takes back promote of version 3 by ann (as claimed): version 3 is paused again',
    );
  });

  test('takes back a rollback, and spec may ask again for what it left', () => {
    const { observation } = planCommands(observe(undefined, [['rollback'], ['undo']]), now);
    expect(observation.releases.at(-1)?.status?.phase).toBe('Superseded');
    expect(observation.application.status?.refused).toMatchObject([{ version: '2', lifted: true }]);
  });

  test('is told of, by its name and what will become of it, before anything that follows from it is done', () => {
    const seen = observe({ phase: 'Progressing', startedAt: before }, [['abort'], ['undo']]);
    const { metadata } = seen.application;
    const application = { ...seen.application, metadata: { ...metadata, finalizers: [teardownFinalizer] } };
    const { actions, releaseStatuses } = reconcileApplication({ ...seen, application }, now);
    const message = 'takes back abort of version 3 by ann (as claimed): version 3 goes on';
    expect(releaseStatuses.get('shop-3')?.commands?.at(-1)).toMatchObject({ verb: 'undo', message });
    expect(actions.slice(0, 3)).toMatchObject([
      { type: 'event', reason: 'CommandAccepted', message: 'abort: version 3 goes back' },
      { type: 'event', reason: 'CommandAccepted', message: `undo: ${message}` },
      { type: 'createVersion' },
    ]);
  });

  test('says what becomes of the version, and works once', () => {
    expect(outcomeOf({ phase: 'Progressing' }, ['abort'], ['undo'])).toBe(
      'accepted: takes back abort of version 3 by ann (as claimed): version 3 goes on',
    );
    expect(outcomeOf({ phase: 'Progressing' }, ['abort'], ['undo'], ['undo'])).toBe(
      'refused: there is no command that could be undone',
    );
  });
});
