/** Remembers that something happened until somebody looks. */
export class Signal {
  #isRaised = false;
  #waiting: (() => void) | undefined;

  raise(): void {
    this.#isRaised = true;
    this.#waiting?.();
  }

  lower(): void {
    this.#isRaised = false;
  }

  async raised(): Promise<void> {
    if (this.#isRaised) return;
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
    this.#waiting = undefined;
  }
}
