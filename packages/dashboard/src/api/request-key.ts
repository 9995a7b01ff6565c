/** The key under which something is asked: the same one for as long as the same is asked, and nothing has come of it. */
export class RequestKey {
  readonly #draw: () => string;
  #last: { readonly asked: string; readonly key: string } | undefined;

  constructor(draw: () => string) {
    this.#draw = draw;
  }

  /** Something else under a key of before is refused by the server, for as long as it remembers that. */
  of(path: string, body?: unknown): string {
    const asked = JSON.stringify([path, body]);
    if (this.#last?.asked !== asked) this.#last = { asked, key: this.#draw() };
    return this.#last.key;
  }

  /** It was done: who asks for the same once more means a second one. */
  forget(): void {
    this.#last = undefined;
  }
}
