/** Why what has been started ends: its start failed, or somebody stops it. */
type Ending = 'failed' | { readonly graceSeconds: number };

/** What has been started, to be ended in the opposite order. */
export class Undo {
  readonly #steps: Array<(ending: Ending) => unknown> = [];
  #running: Promise<void> | undefined;

  add(step: (ending: Ending) => unknown): void {
    this.#steps.push(step);
  }

  /** For what starts beside others: when one of them fails, this is waited for and ended. One that fails needs no end. */
  addStarting<T>(starting: Promise<T>, end: (started: T) => unknown): void {
    this.add(() => starting.then(end, () => undefined));
  }

  run(ending: Ending): Promise<void> {
    this.#running ??= this.#runAll(ending);
    return this.#running;
  }

  /** A step that fails must not keep the others from ending what they started. */
  async #runAll(ending: Ending): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.toReversed()) {
      try {
        await step(ending);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the cluster did not end cleanly');
  }
}
