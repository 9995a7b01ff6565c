/** What was found out by asking and is not worth writing down: whoever starts anew asks again. */
import type { TakenMeasurement } from '../gates/metric/check-state.ts';
import type { HookFinding } from '../hooks/hook-finding.ts';
import type { HeardAnswer, Trial } from '../observation.ts';
import type { Effects } from './effects.ts';

type Receivers = Pick<Effects, 'onAnswer' | 'onMeasured' | 'onHookFinding' | 'onTrial'>;

/** Findings about what is gone are forgotten beyond this number. */
const maximumEntries = 10_000;

export class Findings {
  readonly #answers = new Map<string, HeardAnswer>();
  readonly #trials = new Map<string, Trial>();
  readonly #measurements = new Map<string, TakenMeasurement>();
  readonly #hooks = new Map<string, HookFinding>();
  readonly #failures = new Map<string, string>();

  /** By pod uid. */
  get answers(): ReadonlyMap<string, HeardAnswer> {
    return this.#answers;
  }

  /** By Application uid. */
  get trials(): ReadonlyMap<string, Trial> {
    return this.#trials;
  }

  /** By the key of the run. */
  get measurements(): ReadonlyMap<string, TakenMeasurement> {
    return this.#measurements;
  }

  /** By the key of the run. */
  get hooks(): ReadonlyMap<string, HookFinding> {
    return this.#hooks;
  }

  /** Why the last look could not do what it had decided, by Application uid. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  noteFailure(applicationUid: string, why: string): void {
    remember(this.#failures, applicationUid, why);
  }

  /** Whether there was one. */
  forgetFailure(applicationUid: string): boolean {
    return this.#failures.delete(applicationUid);
  }

  /** What was asked for one Application comes back here, and is looked at at once. */
  receivers(applicationUid: string, lookAgain: () => void): Receivers {
    const note =
      <Value>(entries: Map<string, Value>) =>
      (key: string, value: Value): void => {
        remember(entries, key, value);
        lookAgain();
      };
    const noteTrial = note(this.#trials);
    return {
      onAnswer: note(this.#answers),
      onMeasured: note(this.#measurements),
      onHookFinding: note(this.#hooks),
      onTrial: (trial) => noteTrial(applicationUid, trial),
    };
  }
}

/** The newest last, so that the oldest goes first. */
function remember<Value>(entries: Map<string, Value>, key: string, value: Value): void {
  entries.delete(key);
  entries.set(key, value);
  const oldest = entries.size > maximumEntries ? entries.keys().next().value : undefined;
  if (oldest !== undefined) entries.delete(oldest);
}
