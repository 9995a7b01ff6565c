import type { Connection } from '../connection/connection.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { followRelease, type FollowOptions } from './follow-release.ts';
import { print } from './output.ts';
import { createProgress } from './progress.ts';
import type { Goal } from './release-outcome.ts';

export interface WaitOptions extends Pick<GlobalOptions, 'output'> {
  readonly wait?: Goal;
  readonly timeout?: number;
}

/** Shows the release of what was applied until it is where it should be. Throws where it ends elsewhere. */
export async function waitForRelease(
  { client }: Connection,
  { application, configuration }: Pick<FollowOptions, 'application' | 'configuration'>,
  options: WaitOptions,
): Promise<void> {
  const until = options.wait ?? 'succeeded';
  const progress = await createProgress(options.output === undefined ? process.stdout : process.stderr);
  const following = { client, application, configuration, until, timeoutSeconds: options.timeout, progress };
  const outcome = await followRelease(following).finally(() => progress.done());
  if (!outcome.isReached)
    throw new CommandFailure(`${describeVersion(outcome.version)} was not released: ${outcome.reason}`);
  if (options.output === undefined) print(`version ${outcome.version} is ${until}`);
}

/** Where the next number was asked for and no release has been made, there is none. */
function describeVersion(version: string): string {
  return version === '#' ? 'what was asked for' : `version ${version}`;
}
