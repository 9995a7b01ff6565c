import { describe, expect, test } from 'vitest';
import { createWorld, observationOf } from '../../testing/simulation/world.ts';
import type { ApplicationStatus } from '../api/application.ts';
import type { Release, ReleaseStatus } from '../api/release.ts';
import { annotations } from '../names.ts';
import type { Observation } from '../observation.ts';
import type { Decision } from '../plan.ts';
import { planStatusWrites } from './status-writes.ts';

const status: ReleaseStatus = { phase: 'Promoting', waitingFor: 'a gateway to confirm', waitingSince: 'then' };
const applicationStatus: ApplicationStatus = { candidate: 'shop-v1', phase: 'Promoting', replicas: 3 };

function releaseOf(name: string, lost = false): Release {
  return {
    metadata: { name, namespace: 'default', ...(lost ? { annotations: { [annotations.lost]: 'true' } } : {}) },
    spec: {
      application: 'shop',
      applicationUid: 'u',
      version: name,
      identity: { template: 'h1:1', configuration: 'h1:0' },
      template: {},
      strategy: { type: 'blueGreen' },
      guardSeconds: 0,
      progressDeadlineSeconds: 600,
      drainSeconds: 0,
      keepFailedSeconds: 0,
    },
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
