/** How a state looks. Never by colour alone: the word stands beside it. */
export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'calm';

const tones: Readonly<Record<string, Tone>> = {
  Stable: 'good',
  Succeeded: 'good',
  Pending: 'calm',
  Progressing: 'busy',
  Promoting: 'busy',
  Guarding: 'busy',
  Paused: 'wait',
  RollingBack: 'bad',
  RolledBack: 'bad',
  Failed: 'bad',
  Superseded: 'calm',
};

/** Of a phase of an Application or of a Release. */
export function toneOfPhase(phase: string): Tone {
  return tones[phase] ?? 'calm';
}

const words: Readonly<Record<string, string>> = { RollingBack: 'Rolling back', RolledBack: 'Rolled back' };

export function describePhase(phase: string): string {
  return words[phase] ?? phase;
}

const outcomes: Readonly<Record<string, Tone>> = {
  passed: 'good',
  failed: 'bad',
  error: 'bad',
  inconclusive: 'wait',
  noData: 'wait',
  cancelled: 'calm',
  accepted: 'good',
  refused: 'bad',
  undone: 'calm',
};

/** Of a gate, a measurement, a health answer or a command; absent while it runs. */
export function toneOfOutcome(outcome: string | undefined): Tone {
  return outcome === undefined ? 'busy' : (outcomes[outcome] ?? 'calm');
}
