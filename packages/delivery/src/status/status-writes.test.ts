import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import { createWorld, observationOf } from '../../testing/simulation/world.ts';
import type { ApplicationStatus } from '../api/application.ts';
import type { Release, ReleaseStatus } from '../api/release.ts';
import { annotations } from '../names.ts';
import type { Observation } from '../observation.ts';
import type { Decision } from '../plan.ts';
import { calculateSilence, planStatusWrites } from './status-writes.ts';

const status: ReleaseStatus = { phase: 'Promoting', waitingFor: 'a gateway to confirm', waitingSince: 'then' };
const applicationStatus: ApplicationStatus = { candidate: 'shop-v1', phase: 'Promoting', replicas: 3 };

function releaseOf(name: string, lost = false): Release {
  return {
    metadata: { name, namespace: 'default', ...(lost ? { annotations: { [annotations.lost]: 'true' } } : {}) },
    spec: releaseSpec({ version: name, identity: { template: 'h1:1', configuration: 'h1:0' } }),
    status,
  };
}

const { application, ...others } = observationOf(createWorld({ template: {} }));
const observation: Observation = {
  ...others,
  application: { ...application, status: applicationStatus },
  releases: [releaseOf('shop-v0', true), releaseOf('shop-v1')],
};

function orderOf(changed: Partial<Decision>): { readonly first: number; readonly beside: number } {
  const none = { actions: [], applicationStatus: undefined, releaseStatuses: new Map(), requeueAfter: undefined };
  const { first, beside } = planStatusWrites({ ...none, ...changed }, observation);
  return { first: first.length, beside: beside.length };
}

function ofRelease(change: Partial<ReleaseStatus>, name = 'shop-v1'): Partial<Decision> {
  return { releaseStatuses: new Map([[name, { ...status, ...change }]]) };
}

function ofApplication(change: Partial<ApplicationStatus>): Partial<Decision> {
  return { applicationStatus: { ...applicationStatus, ...change } };
}

describe('before anything is done is written', () => {
  test.each<{ name: string; decision: Partial<Decision> }>([
    { name: 'that a release goes back', decision: ofRelease({ phase: 'RollingBack' }) },
    { name: 'when the first request may have come', decision: ofRelease({ firstTrafficAt: 'now' }) },
    { name: 'what a gate has found', decision: ofRelease({ waitingFor: 'else', healthyAt: 'now' }) },
    { name: 'which version serves', decision: ofApplication({ candidate: undefined }) },
    { name: 'which version is refused', decision: ofApplication({ refused: [], replicas: 2 }) },
  ])('$name', ({ decision }) => expect(orderOf(decision)).toEqual({ first: 1, beside: 0 }));
});

describe('beside the actions is written', () => {
  test.each<{ name: string; decision: Partial<Decision> }>([
    { name: 'what a release waits for', decision: ofRelease({ waitingFor: 'its pods', waitingSince: 'now' }) },
    { name: 'that it waits no more', decision: ofRelease({ waitingFor: undefined, waitingSince: undefined }) },
    { name: 'what an Application waits for', decision: ofApplication({ waitingFor: 'its pods' }) },
    { name: 'how many pods there are', decision: ofApplication({ replicas: 4 }) },
  ])('$name', ({ decision }) => expect(orderOf(decision)).toEqual({ first: 0, beside: 1 }));
});

describe('nothing is written', () => {
  test.each<{ name: string; decision: Partial<Decision> }>([
    { name: 'of an Application that is as it was', decision: ofApplication({}) },
    { name: 'to a release without a record', decision: ofRelease({ phase: 'Failed' }, 'shop-v0') },
    { name: 'to a release that is created now', decision: ofRelease({ phase: 'Failed' }, 'shop-v2') },
  ])('$name', ({ decision }) => expect(orderOf(decision)).toEqual({ first: 0, beside: 0 }));
});

describe('while traffic has just begun to move', () => {
  const since = Date.parse('2026-01-01T00:00:00Z');
  const inPhase = (phase: ReleaseStatus['phase'], later: ReleaseStatus['phase'] = phase): ReleaseStatus => ({
    phase: later,
    transitions: [{ phase, at: new Date(since).toISOString() }],
  });

  test.each<{ name: string; status: ReleaseStatus; after: number; silence: number | undefined }>([
    { name: 'nothing is told at first', status: inPhase('Promoting'), after: 0, silence: 200 },
    { name: 'nothing is told on the way back', status: inPhase('RollingBack'), after: 50, silence: 150 },
    { name: 'what lasts is told', status: inPhase('Promoting'), after: 200, silence: undefined },
    { name: 'where nothing moves all is told', status: inPhase('Progressing'), after: 0, silence: undefined },
    { name: 'a clock that was set back silences nobody', status: inPhase('Promoting'), after: -1, silence: undefined },
    { name: 'who has no record of it tells', status: { phase: 'Promoting' }, after: 0, silence: undefined },
    {
      name: 'who has an older record of it tells',
      status: inPhase('Paused', 'Promoting'),
      after: 0,
      silence: undefined,
    },
  ])('$name', ({ status: current, after, silence }) => expect(calculateSilence(current, since + after)).toBe(silence));

  test('what later looks decide by is written all the same', () => {
    expect(orderOf({ ...ofRelease({ waitingFor: 'its pods' }), isSilent: true })).toEqual({ first: 0, beside: 0 });
    expect(orderOf({ ...ofRelease({ firstTrafficAt: 'now' }), isSilent: true })).toEqual({ first: 1, beside: 0 });
  });
});

test('the Application comes before its releases', () => {
  const decision = {
    actions: [],
    ...ofRelease({ phase: 'Succeeded' }),
    ...ofApplication({ serving: { version: 'v1', release: 'shop-v1', hash: 'h' } }),
    requeueAfter: undefined,
  };
  const { first } = planStatusWrites(
    { releaseStatuses: new Map(), applicationStatus: undefined, ...decision },
    observation,
  );
  expect(first.map((write) => write.of)).toEqual(['application', 'release']);
});
