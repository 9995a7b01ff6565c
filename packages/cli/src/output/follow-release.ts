import type { Application } from '@slipway/delivery/api/application';
import { releaseCommands } from '@slipway/delivery/api/release-command';
import type { KubeClient } from '@slipway/kube/client';
import { isStatusReason } from '@slipway/kube/status-error';
import { follow, type Seen } from './follow.ts';
import type { Progress } from './progress.ts';
import { findAskedRelease, judge, type FollowOutcome, type Followed, type Goal } from './release-outcome.ts';

export interface FollowOptions {
  readonly client: KubeClient;
  /** As it was applied. */
  readonly application: Application;
  /** What was applied with it. */
  readonly configuration?: Followed['configuration'];
  readonly until: Goal;
  /** Absent: as long as it takes. The release goes on without us. */
  readonly timeoutSeconds?: number | undefined;
  /** Lines to show below the release; called at each redraw. */
  readonly below?: (() => readonly string[]) | undefined;
  readonly progress?: Progress | undefined;
}

/** After this time a command that nobody answered is waited for no longer: somebody may have deleted it. */
const commandMilliseconds = 30_000;

/** Shows a release as it moves and resolves when it is where it should be, has ended elsewhere, or takes too long. */
export async function followRelease(options: FollowOptions): Promise<FollowOutcome> {
  const { application, configuration, until, timeoutSeconds = 0 } = options;
  const { namespace, name = '' } = application.metadata;
  const commands = await listCommands(options);
  const forgetAt = performance.now() + commandMilliseconds;
  const followed = (seen: Seen): Followed => ({
    ...seen,
    asked: application,
    configuration,
    goal: until,
    commands: performance.now() < forgetAt ? commands : [],
  });
  return follow({
    ...options,
    application: { namespace, name },
    find: (seen) => findAskedRelease(followed(seen)),
    judge: (seen) => judge(followed(seen)),
    absence: `${name}: waiting for the delivery controller to see it`,
    onTimeout: (seen, state) => {
      const release = findAskedRelease(followed(seen));
      return {
        isReached: false,
        version: release?.spec.version ?? application.spec.version ?? '#',
        reason: `not ${until} within ${timeoutSeconds} s, and it goes on without this command. ${state}`,
        release,
      };
    },
  });
}

/** Names of the commands that wait for the controller. Whoever may not see them does without. */
async function listCommands({ client, application }: FollowOptions): Promise<readonly string[]> {
  const { namespace, name } = application.metadata;
  try {
    const { items } = await client.list(releaseCommands, { namespace });
    return items.filter(({ spec }) => spec.application === name).map(({ metadata }) => metadata.name ?? '');
  } catch (error) {
    if (isStatusReason(error, 'Forbidden', 'NotFound')) return [];
    throw error;
  }
}
