/** A pod listens with a backlog of a few hundred connections, and of 128 on older systems. */
const most = 64;

/**
 * How many of those that have waited for a pod it gets at once. All that a hold may keep would overrun its backlog as it
 * begins: connections are dropped there, and tried again by the kernel after seconds.
 */
export class FlushGate {
  #unanswered = 0;
  #limit = most;

  /** False: others have to be answered first, or a second has to go by. */
  enter(): boolean {
    if (this.#unanswered >= this.#limit) return false;
    this.#unanswered += 1;
    return true;
  }

  /** Its answer has begun, or it has ended. True: there is room for half of those who may come at once. */
  leave(): boolean {
    this.#unanswered -= 1;
    return this.#unanswered === this.#limit - most / 2;
  }

  /** Once a second: answers that are long in coming hold up nobody for longer. */
  renew(): void {
    this.#limit = this.#unanswered + most;
  }
}
