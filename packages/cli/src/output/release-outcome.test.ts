import type { Application, ApplicationStatus } from '@slipway/delivery/api/application';
import type { Release, ReleaseStatus } from '@slipway/delivery/api/release';
import { identityOf } from '@slipway/delivery/names';
import { describe, expect, it } from 'vitest';
import { releaseSpec } from '../../../delivery/testing/records.ts';
import { judge, type Goal } from './release-outcome.ts';

const template = { spec: { containers: [{ name: 'web', image: 'shop:2' }] } };

function application(status: ApplicationStatus = {}): Application {
  return {
    metadata: { name: 'shop', namespace: 'default', generation: 3 },
    spec: { version: '2', template },
    status: { observedGeneration: 3, ...status },
  };
}

function release(status: Partial<ReleaseStatus>, spec: Partial<Release['spec']> = {}): Release {
  const { version = '2' } = spec;
  return {
    metadata: { name: `shop-${version}`, namespace: 'default' },
    spec: releaseSpec({
      version,
      identity: identityOf({ template }),
      template,
      strategy: { type: 'rolling' },
      ...spec,
    }),
    status: { phase: 'Progressing', ...status },
  };
}

function outcome(given: {
  readonly status?: ApplicationStatus | undefined;
  readonly releases: readonly Release[];
  readonly goal?: Goal | undefined;
  readonly commands?: readonly string[] | undefined;
  readonly configuration?: ReadonlyMap<string, string> | undefined;
}) {
  return judge({
    asked: application(),
    current: application(given.status),
    releases: given.releases,
    goal: given.goal ?? 'succeeded',
    commands: given.commands ?? [],
    configuration: given.configuration,
  });
}

const ending = { phase: 'RolledBack', by: 'gate', reason: 'two pods are not healthy' } as const;
const refused = {
  type: 'Synced',
  status: 'False',
  lastTransitionTime: '',
  reason: 'VersionRefused',
  message: 'no',
} as const;
const serving = { version: '2', release: 'shop-2', hash: 'h' };

describe('judge', () => {
  it.each([
    { name: 'no release yet', releases: [] },
    {
      name: 'only one of a version whose name begins alike',
      releases: [release({ phase: 'Succeeded' }, { version: '2-canary' })],
    },
    { name: 'a release under way', releases: [release({})] },
    { name: 'a guarded release, where it should succeed', releases: [release({ phase: 'Guarding' })] },
    { name: 'a success that does not serve (again) yet', releases: [release({ phase: 'Succeeded' })] },
    {
      name: 'an earlier failure of a version that is tried again',
      status: { candidate: 'shop-2' },
      releases: [release({ phase: 'RolledBack', ending })],
    },
    {
      name: 'a failure from before the controller saw what was applied',
      status: { observedGeneration: 2 },
      releases: [release({ phase: 'RolledBack', ending })],
    },
    {
      name: 'a release that still goes back, though it is refused already',
      status: { candidate: 'shop-2', conditions: [refused] },
      releases: [release({ phase: 'RollingBack', ending })],
    },
    {
      name: 'a success of another version',
      status: { serving: { ...serving, release: 'shop-1' } },
      releases: [release({ phase: 'Succeeded' }, { version: '1', identity: identityOf({ template: {} }) })],
    },
  ])('waits at $name', (given) => {
    expect(outcome(given)).toBeUndefined();
  });

  it.each([
    { name: 'a success that serves', status: { serving }, releases: [release({ phase: 'Succeeded' })] },
    {
      name: 'a guarded release, where promotion is enough',
      goal: 'promoted' as const,
      releases: [release({ phase: 'Guarding' })],
    },
    {
      name: 'a later configuration of the version',
      status: { serving: { ...serving, release: 'shop-2-c2' } },
      releases: [release({ phase: 'Succeeded' }, { version: '2-c2' })],
    },
  ])('is content with $name', (given) => {
    expect(outcome(given)).toMatchObject({ isReached: true });
  });

  it.each([
    {
      name: 'a release that went back',
      releases: [release({ phase: 'RolledBack', ending })],
      reason: 'RolledBack: two pods are not healthy',
    },
    {
      name: 'a release that went back, in its own words',
      status: { conditions: [refused] },
      releases: [release({ phase: 'Failed', ending })],
      reason: 'Failed: two pods are not healthy',
    },
    {
      name: 'a version that served once and is refused',
      status: { conditions: [refused] },
      releases: [release({ phase: 'Succeeded' })],
      reason: 'VersionRefused: no',
    },
    {
      name: 'a version that exists with other content',
      status: {
        conditions: [
          {
            type: 'Synced' as const,
            status: 'False' as const,
            lastTransitionTime: '',
            reason: 'VersionExists',
            message: 'give it another',
          },
        ],
      },
      releases: [],
      reason: 'VersionExists: give it another',
    },
    {
      name: 'an Application that is invalid',
      status: {
        conditions: [
          {
            type: 'Valid' as const,
            status: 'False' as const,
            lastTransitionTime: '',
            reason: 'Invalid',
            message: 'spec.x',
          },
        ],
      },
      releases: [],
      reason: 'Invalid: spec.x',
    },
    {
      name: 'an Application without replicas',
      status: {
        conditions: [
          {
            type: 'ScaledToZero' as const,
            status: 'True' as const,
            lastTransitionTime: '',
            reason: 'Replicas',
            message: '',
          },
        ],
      },
      releases: [],
      reason: 'ScaledToZero',
    },
  ])('gives up on $name', ({ reason, ...given }) => {
    expect(outcome(given)).toMatchObject({ isReached: false, version: '2', reason });
  });
});

describe('a command that was given before, such as a retry', () => {
  const old = release({ phase: 'RolledBack', ending });
  const noted = {
    name: 'shop-retry-x',
    verb: 'retry' as const,
    requestedBy: 'me',
    at: '',
    outcome: 'refused' as const,
    message: 'no',
  };

  it('makes what was refused before it count for nothing', () => {
    expect(outcome({ releases: [old], commands: ['shop-retry-x'] })).toBeUndefined();
  });

  it('is no reason to wait once it has its answer', () => {
    const answered = release({ phase: 'RolledBack', ending, commands: [noted] });
    expect(outcome({ releases: [answered], commands: ['shop-retry-x'] })).toMatchObject({ isReached: false });
  });
});

describe('configuration that was applied with it', () => {
  const content = '0123456789';
  const configuration = new Map([['Secret/keys', content]]);
  const before = release({ phase: 'Succeeded' }, { frozen: { 'Secret/keys': 'shop-keys-9876543210' } });

  it('is not what the release before has frozen', () => {
    expect(outcome({ status: { serving }, releases: [before], configuration })).toBeUndefined();
    expect(outcome({ status: { serving }, releases: [before] })).toMatchObject({ isReached: true });
  });

  it('is reached by the release that has', () => {
    const next = release(
      { phase: 'Succeeded' },
      { version: '2-c2', frozen: { 'Secret/keys': `shop-keys-${content}` } },
    );
    const status = { serving: { ...serving, version: '2-c2', release: 'shop-2-c2' } };
    expect(outcome({ status, releases: [before, next], configuration })).toMatchObject({
      isReached: true,
      version: '2-c2',
    });
  });

  it('is reached by the one that was begun last, whichever was made first', () => {
    const attempt = (startedAt: string): Partial<ReleaseStatus> => ({
      attempts: [{ number: 1, cause: 'deploy', startedAt }],
    });
    const failed = release(
      { phase: 'RolledBack', ending, ...attempt('2026-01-01T10:00:02.000000Z') },
      { version: '2-c2' },
    );
    const again = release({ phase: 'Succeeded', ...attempt('2026-01-01T10:00:05.000000Z') });
    expect(outcome({ status: { serving }, releases: [again, failed] })).toMatchObject({
      isReached: true,
      version: '2',
    });
  });
});
