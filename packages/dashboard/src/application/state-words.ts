/** How an application stands, in a sentence. Pure. */
import type { ApplicationSummary } from '../api/answers.ts';
import { awaitsApproval } from '../approvals/awaited.ts';
import { failureOf, refusalOf } from '../overview/select.ts';
import type { Tone } from '../parts/tones.ts';

export interface StateWords {
  readonly tone: Tone;
  readonly text: string;
}

/** What is wrong, what it waits for, or who serves: there is always something to say. */
export function describeState(application: ApplicationSummary): StateWords {
  const { candidate, serving, waitingFor } = application;
  const failure = failureOf(application);
  if (failure !== undefined) {
    const awaited = candidate?.waitingFor;
    // What is wrong need not be of the release under way.
    const more = awaited === undefined ? '' : `; version ${candidate?.version} waits for ${awaited}`;
    return { tone: 'bad', text: `${failure}${more}` };
  }
  if (candidate !== undefined) {
    const awaited = candidate.waitingFor ?? waitingFor;
    const tone = candidate.phase === 'Paused' || awaitsApproval(application) ? 'wait' : 'calm';
    return { tone, text: awaited === undefined ? 'It goes on.' : `Waits for ${awaited}` };
  }
  const waits = refusalOf(application) ?? (waitingFor && `It waits for ${waitingFor}.`);
  if (waits !== undefined) return { tone: 'wait', text: waits };
  return { tone: 'calm', text: serving === undefined ? 'No version serves.' : `Version ${serving.version} serves.` };
}
