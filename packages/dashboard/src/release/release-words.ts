/** How a release stands, in a sentence. Pure. */
import type { ReleaseAnswer } from '../api/answers.ts';
import { isFinished } from '../application/verbs.ts';
import type { Tone } from '../parts/tones.ts';

export interface ReleaseWords {
  readonly tone: Tone;
  readonly text: string;
  readonly since?: string | undefined;
}

/** Why it ended, or what it waits for. */
export function describeRelease({
  phase,
  reason,
  status,
}: Pick<ReleaseAnswer, 'phase' | 'reason' | 'status'>): ReleaseWords {
  if (reason !== undefined) return { tone: phase === 'Superseded' ? 'calm' : 'bad', text: reason };
  if (isFinished(phase)) return { tone: 'calm', text: phase === 'Succeeded' ? 'It has succeeded.' : 'It has ended.' };
  if (status?.waitingFor === undefined) return { tone: 'calm', text: 'It goes on.' };
  return { tone: 'wait', text: `Waits for ${status.waitingFor}`, since: status.waitingSince };
}
