/** Source text, where it stands in a repository like ours, and what the linter must say of it. */
export interface Fixture {
  readonly path: string;
  readonly text: string;
  readonly expected: readonly Expectation[];
}

export interface Expectation {
  /** As findings name the rule: `eslint(max-lines)`. */
  readonly code: string;
  /** What the configuration has to say to it, where a rule has several things to say. */
  readonly words?: string | undefined;
}
