import type { ReleaseSpec, ReleaseStatus } from '@slipway/delivery/api/release';
import type { ApplicationAnswer, ListedPod, ReleaseAnswer, ReleaseSummary } from '../src/api/answers.ts';
import { summary } from './summary.ts';

export function application(given: Partial<ApplicationAnswer>): ApplicationAnswer {
  return { ...summary({}), spec: {}, ...given };
}

export function releaseSummary(version: string, given: Partial<ReleaseSummary> = {}): ReleaseSummary {
  return {
    uid: `u-${version}`,
    namespace: 'default',
    name: `shop-${version}`,
    application: 'shop',
    version,
    phase: 'Succeeded',
    createdAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:30Z',
    strategy: 'canary',
    logLength: 0,
    ...given,
  };
}

/** Under way, by canary unless said otherwise. */
export function release(
  status: Partial<ReleaseStatus> & Pick<ReleaseStatus, 'phase'>,
  spec: Partial<ReleaseSpec> = {},
): ReleaseAnswer {
  return {
    ...releaseSummary('2', { phase: status.phase }),
    spec: {
      application: 'shop',
      applicationUid: 'u1',
      version: '2',
      identity: { template: 'h1:1', configuration: 'h1:2' },
      template: {},
      strategy: { type: 'canary', canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }] } },
      guardSeconds: 60,
      progressDeadlineSeconds: 60,
      drainSeconds: 0,
      keepFailedSeconds: 0,
      ...spec,
    },
    status,
  };
}

export function pod(name: string, given: Partial<ListedPod> = {}): ListedPod {
  return {
    name,
    uid: name,
    version: '1',
    phase: 'Running',
    ready: true,
    serves: true,
    state: 'serving',
    restarts: 0,
    createdAt: '2026-01-01T00:00:00Z',
    reasons: [],
    containers: [],
    ...given,
  };
}
