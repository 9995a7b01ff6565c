import type { HealthAnswer, Release } from '@slipway/delivery/api/release';
import type { LoadReport } from '../load/protocol.ts';

/** What happened in the demo. */
export interface DemoResult {
  readonly releases: readonly Release[];
  readonly load: LoadReport;
  readonly cast: DemoCast;
}

/** Which version plays which part. */
export interface DemoCast {
  /** Serves before the load begins. */
  readonly first: string;
  /** Takes over under load. */
  readonly upgrade: string;
  /** Is ready, says of itself that it is not healthy, and must never serve. */
  readonly broken: string;
}

/** What did not go as it should, a sentence each; empty when the demo kept its promises. */
export function findBrokenPromises(result: DemoResult): readonly string[] {
  return [...judgeLoad(result), ...judgeReleased(result), ...judgeRefused(result)];
}

function judgeLoad({ load, cast }: DemoResult): readonly string[] {
  const { sent, succeeded, failed, byVersion, isFinal } = load;
  const open = sent - succeeded - failed;
  const [upgraded = 0, broken = 0] = [byVersion[cast.upgrade], byVersion[cast.broken]];
  return [
    ...when(sent === 0, 'no request was sent'),
    ...when(failed > 0, `${failed} of ${sent} requests failed`),
    ...when(open !== 0, `${open} of ${sent} requests have no outcome`),
    ...when(!isFinal, 'the load ended without its last report'),
    ...when(upgraded === 0, `no request was answered by ${cast.upgrade}`),
    ...when(broken > 0, `${broken} of ${sent} requests were answered by ${cast.broken}`),
  ];
}

function judgeReleased({ releases, cast }: DemoResult): readonly string[] {
  return [cast.first, cast.upgrade].flatMap((version) => {
    const phase = phaseOf(findVersion(releases, version));
    return when(phase !== 'Succeeded', `the release of ${version} is ${phase} and not Succeeded`);
  });
}

/** Rolled back alone proves nothing: a version that never started is rolled back too. */
function judgeRefused({ releases, cast: { broken } }: DemoResult): readonly string[] {
  const release = findVersion(releases, broken);
  if (release?.status?.phase !== 'RolledBack')
    return [`the release of ${broken} is ${phaseOf(release)} and not RolledBack`];
  const { ending, health = [], firstTrafficAt } = release.status;
  const reason = ending?.reason ?? 'no reason was recorded';
  return [
    ...when(
      ending?.by !== 'health',
      `${broken} was rolled back by ${ending?.by ?? 'nobody'} and not by its health: ${reason}`,
    ),
    ...when(
      !health.some((answer) => saysUnhealthy(answer) && isNamed(answer, reason)),
      `${broken} was rolled back without naming a pod that said that it is not healthy: ${reason}`,
    ),
    ...when(firstTrafficAt !== undefined, `${broken} was given traffic at ${firstTrafficAt}`),
  ];
}

/** A pod that could not be asked has said nothing, and one that answers anything else has not said this. */
function saysUnhealthy({ outcome, code, answer }: HealthAnswer): boolean {
  return outcome === 'failed' && code !== undefined && /"healthy"\s*:\s*false/.test(answer);
}

function isNamed({ pod }: HealthAnswer, reason: string): boolean {
  return reason.split(/[\s:]+/).includes(pod);
}

function findVersion(releases: readonly Release[], version: string): Release | undefined {
  return releases.find(({ spec }) => spec.version === version);
}

function phaseOf(release: Release | undefined): string {
  return release === undefined ? 'missing' : (release.status?.phase ?? 'Pending');
}

function when(isSo: boolean, sentence: string): readonly string[] {
  return isSo ? [sentence] : [];
}
