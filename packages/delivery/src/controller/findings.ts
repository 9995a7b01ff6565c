/** What was found out by asking and is not worth writing down: whoever starts anew asks again. */
import type { TakenMeasurement } from '../gates/metric/check-state.ts';
import type { HeardAnswer, Trial } from '../observation.ts';

/** Findings about what is gone are forgotten beyond this number. */
const maximumEntries = 10_000;

export class Findings {
  readonly #answers = new Map<string, HeardAnswer>();
  readonly #trials = new Map<string, Trial>();
  readonly #measurements = new Map<string, TakenMeasurement>();

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

  noteAnswer(podUid: string, answer: HeardAnswer): void {
    remember(this.#answers, podUid, answer);
  }

  noteTrial(applicationUid: string, trial: Trial): void {
    remember(this.#trials, applicationUid, trial);
  }

  noteMeasurement(key: string, taken: TakenMeasurement): void {
    remember(this.#measurements, key, taken);
  }
}

/** The newest last, so that the oldest goes first. */
function remember<Value>(entries: Map<string, Value>, key: string, value: Value): void {
  entries.delete(key);
  entries.set(key, value);
  const oldest = entries.size > maximumEntries ? entries.keys().next().value : undefined;
  if (oldest !== undefined) entries.delete(oldest);
}
