/** What a person asks of the releases, and what becomes of it. */
import type { ReleaseCommand } from './api/release-command.ts';
import type { Release } from './api/release.ts';
import type { Observation } from './observation.ts';
import type { Refusal } from './status/refused-versions.ts';

export interface Request {
  readonly observation: Observation;
  readonly command: ReleaseCommand;
  readonly active: Release | undefined;
  readonly by: string;
  readonly now: number;
}

/** Without `releases` the command is refused. */
export type Verdict = Accepted | { readonly releases?: undefined; readonly message: string };

export interface Accepted {
  readonly releases: readonly Release[];
  /** The release that keeps the outcome. */
  readonly target: Release;
  readonly message: string;
  /** A version that spec may ask for and that is not to be tried again. */
  readonly refusal?: Refusal | undefined;
  /** A version whose refusal is taken back. */
  readonly lifts?: Release | undefined;
}
