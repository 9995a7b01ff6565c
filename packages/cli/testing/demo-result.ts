import type { Release, ReleaseStatus } from '@slipway/delivery/api/release';
import type { LoadReport } from '../src/load/protocol.ts';

/** A load of ten requests, all answered: six by v1 and four by v2. */
export const servedLoad: LoadReport = {
  sent: 10,
  succeeded: 10,
  failed: 0,
  byVersion: { v1: 6, v2: 4 },
  lastSent: {},
  p50: 1,
  p99: 2,
  failures: [],
  commands: 0,
  isFinal: true,
};

export function demoRelease(version: string, status: ReleaseStatus): Release {
  const identity = { template: 'h1:0', configuration: 'h1:0' };
  const spec = {
    application: 'statics',
    applicationUid: 'u',
    version,
    identity,
    template: {},
    strategy: { type: 'blueGreen' },
    guardSeconds: 0,
    progressDeadlineSeconds: 1,
    drainSeconds: 1,
    keepFailedSeconds: 1,
  };
  return { metadata: { name: version }, spec, status };
}
