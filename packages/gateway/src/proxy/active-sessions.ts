/** So many are known by name; a session that is forgotten for want of room still counts until it would have been over. */
const maxKnown = 50_000;
/** Parts of the idle time in which forgotten ones are put together. */
const forgottenParts = 32;

/** Sessions of one version that have a request underway, or had one within the idle time. */
export class ActiveSessions {
  idleSeconds: number;
  readonly #now: () => number;
  readonly #maxKnown: number;
  readonly #beganAt: number;
  /** How many requests each has underway; a WebSocket is one as long as it lasts. */
  readonly #underway = new Map<string, number>();
  /** When each of the others had its last one; who had none for longest comes first. */
  readonly #known = new Map<string, number>();
  /** Oldest first, each with the time of its youngest member. */
  readonly #forgotten: { at: number; readonly since: number; count: number }[] = [];

  /** `now` in milliseconds. */
  constructor(options: {
    readonly idleSeconds: number;
    readonly now: () => number;
    readonly maxKnown?: number | undefined;
  }) {
    this.idleSeconds = options.idleSeconds;
    this.#now = options.now;
    this.#maxKnown = options.maxKnown ?? maxKnown;
    this.#beganAt = options.now();
  }

  /** It has sent a request. Call what is returned once, when that has ended. */
  enter(id: string): () => void {
    this.#known.delete(id);
    this.#underway.set(id, (this.#underway.get(id) ?? 0) + 1);
    return () => this.#leave(id);
  }

  /**
   * Never too low. Undefined: none was seen, but sessions from before this instance counted may not be over yet; who takes
   * that for 0 would remove a version that has users.
   */
  count(): number | undefined {
    const now = this.#now();
    this.#expire(now);
    const named = this.#known.size + this.#underway.size;
    const count = this.#forgotten.reduce((sum, part) => sum + part.count, named);
    return count > 0 || now - this.#beganAt >= this.#idleMilliseconds ? count : undefined;
  }

  get #idleMilliseconds(): number {
    return this.idleSeconds * 1_000;
  }

  #leave(id: string): void {
    const others = (this.#underway.get(id) ?? 1) - 1;
    if (others > 0) {
      this.#underway.set(id, others);
      return;
    }
    this.#underway.delete(id);
    const now = this.#now();
    this.#known.set(id, now);
    this.#expire(now);
    if (this.#known.size > this.#maxKnown) this.#forgetOldest();
  }

  #expire(now: number): void {
    const limit = now - this.#idleMilliseconds;
    for (const [id, at] of this.#known) {
      if (at > limit) break;
      this.#known.delete(id);
    }
    for (let first = this.#forgotten[0]; first !== undefined && first.at <= limit; first = this.#forgotten[0])
      this.#forgotten.shift();
  }

  #forgetOldest(): void {
    for (const [id, at] of this.#known) {
      this.#known.delete(id);
      const part = this.#forgotten.at(-1);
      if (part !== undefined && at - part.since <= this.#idleMilliseconds / forgottenParts) {
        part.at = at;
        part.count += 1;
      } else {
        this.#forgotten.push({ at, since: at, count: 1 });
      }
      return;
    }
  }
}
