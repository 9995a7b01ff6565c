/** Records as tests need them: valid, and nothing in them that a test does not ask for. */
import type { Release, ReleaseSpec, ReleaseStatus } from '../src/api/release.ts';

/** Of version 1 of the Application `shop`, by blue-green, without a guard and with nothing to wait for. */
export function releaseSpec(changes: Partial<ReleaseSpec> = {}): ReleaseSpec {
  return {
    application: 'shop',
    applicationUid: 'u',
    version: '1',
    identity: { template: 'h1:0', configuration: 'h1:0' },
    template: {},
    strategy: { type: 'blueGreen' },
    guardSeconds: 0,
    progressDeadlineSeconds: 600,
    drainSeconds: 0,
    keepFailedSeconds: 0,
    ...changes,
  };
}

interface ReleaseChanges {
  readonly metadata?: Release['metadata'] | undefined;
  readonly spec?: Partial<ReleaseSpec> | undefined;
  readonly status?: ReleaseStatus | undefined;
}

/** Named `<application>-<version>`. */
export function release({ metadata, spec: changes, status }: ReleaseChanges = {}): Release {
  const spec = releaseSpec(changes);
  return {
    metadata: { name: `${spec.application}-${spec.version}`, namespace: 'default', ...metadata },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}
