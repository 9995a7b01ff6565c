/** Who looks at a release that has not ended is told what it waits for. */
import { isFinished } from '../src/api/release.ts';
import type { Observation } from '../src/observation.ts';
import type { Decision } from '../src/plan.ts';
import { Violation } from './violation.ts';

/** Of every release that somebody has looked at, as this look leaves it. */
export function checkWaiting({ releases }: Observation, { releaseStatuses }: Decision): void {
  for (const { metadata, status: before } of releases) {
    const status = releaseStatuses.get(metadata.name ?? '') ?? before;
    if (status === undefined || isFinished(status.phase) || (status.waitingFor ?? '') !== '') continue;
    throw new Violation(`waiting: ${metadata.name} is ${status.phase} and does not say what it waits for`);
  }
}
