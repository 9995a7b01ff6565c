import { userInfo } from 'node:os';
import { applications, type Application } from '@slipway/delivery/api/application';
import { createCommand, releaseCommands, type CommandOutcome, type Verb } from '@slipway/delivery/api/release-command';
import { isFinished } from '@slipway/delivery/api/release';
import { describeUnserved, findServed } from '@slipway/delivery/current-releases';
import { isStatusReason } from '@slipway/kube/status-error';
import { describeLast } from '@slipway/delivery/undo';
import { connect, type Connection } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { findAnswer, judgeCommand, type CommandResult } from '../output/command-outcome.ts';
import { follow } from '../output/follow.ts';
import { print, printObjects, printValue } from '../output/output.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import type { Goal } from '../output/release-outcome.ts';
import type { GlobalOptions } from '../global-options.ts';

export interface VerbOptions extends GlobalOptions {
  readonly wait?: Goal;
  readonly timeout?: number;
}

export interface VerbRequest {
  readonly verb: Verb;
  readonly application: string;
  readonly version: string | undefined;
  readonly options: VerbOptions;
}

/** A controller that runs answers in a moment. */
const answerMilliseconds = 30_000;
/** Of who does not wait for what comes of the command. */
const patienceSeconds = 5;
const silentProgress: Progress = { update: () => undefined, done: () => Promise.resolve() };

/** Leaves a ReleaseCommand for the controller: whoever may create one may give the command. */
export async function runVerb({ verb, application, version, options }: VerbRequest): Promise<void> {
  if (options.timeout !== undefined && options.wait === undefined)
    throw usageFailure('--timeout says how long --wait waits: give both, such as --wait --timeout 120');
  const connection = await connect(options);
  const { client, namespace } = connection;
  const { status } = await requireApplication(connection, application);
  if (verb === 'rollback' && version !== undefined && version !== status?.serving?.version)
    await requireServed(connection, application, version);
  if (verb === 'undo' && options.wait !== undefined && options.output === undefined)
    await announceUndo(connection, application);
  const command = await client.create(
    releaseCommands,
    createCommand(verb, application, { namespace, version, requestedBy: userInfo().username }),
  );
  const name = command.metadata.name ?? '';
  if (options.wait === undefined)
    return options.output === undefined
      ? tellAnswer(connection, { name, verb, application })
      : printObjects([command], options.output);
  const given = { name, verb, goal: options.wait, application };
  const result = await followCommand(connection, given, options);
  if (options.output !== undefined) await printValue(asData(result), options.output);
  if (!result.isReached) throw new CommandFailure(`${verb} ${result.message}`);
  return options.output === undefined ? print(`${verb}: ${result.message}`) : undefined;
}

interface Asked {
  readonly name: string;
  readonly verb: Verb;
  readonly application: string;
}

interface Followed extends Asked {
  readonly goal: Goal;
}

/** Who does not wait for what comes of it wants to know all the same whether it was accepted, and what it will do. */
async function tellAnswer({ client, namespace }: Connection, { name, verb, application }: Asked): Promise<void> {
  const answer = await follow<CommandOutcome | 'none'>({
    client,
    application: { namespace, name: application },
    find: () => undefined,
    judge: (seen) => findAnswer(seen, name)?.command,
    absence: '',
    timeoutSeconds: patienceSeconds,
    onTimeout: () => 'none',
    progress: silentProgress,
  });
  if (answer === 'none')
    return print(
      `${verb} asked for ${application} (${name}). No controller has answered yet: does one run? (slipway status)`,
    );
  if (answer.outcome === 'refused') throw new CommandFailure(`${verb} was refused: ${answer.message}`);
  return print(`${verb}: ${answer.message}`);
}

async function followCommand(
  { client, namespace }: Connection,
  given: Followed,
  { output, timeout }: VerbOptions,
): Promise<CommandResult> {
  const { name, verb, application } = given;
  const answerUntil = performance.now() + answerMilliseconds;
  const progress = await createProgress(output === undefined ? process.stdout : process.stderr);
  try {
    return await follow<CommandResult>({
      client,
      application: { namespace, name: application },
      find: (seen) => findAnswer(seen, name)?.release,
      judge: (seen) => {
        const isUnheard = findAnswer(seen, name) === undefined && performance.now() > answerUntil;
        return isUnheard ? unheard : judgeCommand(given, seen);
      },
      absence: `${application}: waiting for the delivery controller to answer ${verb}`,
      timeoutSeconds: timeout,
      onTimeout: (seen, state) => ({
        ...findAnswer(seen, name),
        isReached: false,
        message: `has not come about within ${timeout ?? 0} s, and goes on without this command. ${state}`,
      }),
      progress,
    });
  } finally {
    await progress.done();
  }
}

const unheard: CommandResult = {
  isReached: false,
  message: `was answered by no controller within ${answerMilliseconds / 1_000} s. Does one run? (slipway status, slipway controller)`,
};

function asData({ isReached, message, command, release }: CommandResult): object {
  return { reached: isReached, message, command, release: release?.metadata.name, phase: release?.status?.phase };
}

export async function requireApplication({ client, namespace }: Connection, name: string): Promise<Application> {
  try {
    return await client.get(applications, { namespace, name });
  } catch (error) {
    if (!isStatusReason(error, 'NotFound')) throw error;
    throw new CommandFailure(
      `There is no Application named "${name}" in namespace ${namespace}. Those that there are: kubectl get applications -A`,
      { cause: error },
    );
  }
}

/** What may still come to serve, or be refused for another reason, is for the controller to judge. */
async function requireServed(connection: Connection, application: string, version: string): Promise<void> {
  const kept = await listReleases(connection, application);
  const isOpen = kept.some(({ spec, status }) => spec.version === version && !isFinished(status?.phase ?? 'Pending'));
  if (!isOpen && findServed(kept, version) === undefined)
    throw usageFailure(`${describeUnserved(kept, version)}. Nothing was asked for.`);
}

/** Before it is asked for; whether it still can be is for the controller to say. */
async function announceUndo(connection: Connection, application: string): Promise<void> {
  const last = describeLast(await listReleases(connection, application));
  if (last !== undefined) print(`undo takes back: ${last}`);
}
