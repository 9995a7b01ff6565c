/** Reads something again and again without two reads at once: who asks meanwhile gets one more after it. */
export class Refresher {
  readonly #read: () => Promise<void>;
  #isReading = false;
  #isAskedAgain = false;

  constructor(read: () => Promise<void>) {
    this.#read = read;
  }

  /** `read` tells of its failures itself. */
  ask(): void {
    this.#isAskedAgain = true;
    if (!this.#isReading) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isAskedAgain) {
        this.#isAskedAgain = false;
        await this.#read();
      }
    } finally {
      this.#isReading = false;
    }
  }
}
