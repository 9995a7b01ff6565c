import { setTimeout as pause } from 'node:timers/promises';
import { userInfo } from 'node:os';
import { applications } from '@slipway/delivery/api/application';
import { createCommand, releaseCommands, type Verb } from '@slipway/delivery/api/release-command';
import { releases, type CommandOutcome, type Release } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import { isStatusReason } from '@slipway/kube/status-error';
import { describeLast } from '@slipway/delivery/undo';
import { connect, type Connection } from '../connection/connection.ts';
import { CommandFailure } from '../failure.ts';
import { print, printObjects, printValue } from '../output/output.ts';
import type { GlobalOptions } from '../global-options.ts';

export interface VerbRequest {
  readonly verb: Verb;
  readonly application: string;
  readonly version: string | undefined;
  readonly options: GlobalOptions & { readonly wait: boolean };
}

const outcomeTimeoutMilliseconds = 30_000;
const lookAgainMilliseconds = 100;

/** Leaves a ReleaseCommand for the controller: whoever may create one may give the command. */
export async function runVerb({ verb, application, version, options }: VerbRequest): Promise<void> {
  const connection = await connect(options);
  const { client, namespace } = connection;
  await requireApplication(connection, application);
  if (verb === 'undo' && options.output === undefined) await announceUndo(connection, application);
  const command = await client.create(
    releaseCommands,
    createCommand(verb, application, { namespace, version, requestedBy: userInfo().username }),
  );
  if (!options.wait)
    return options.output === undefined
      ? print(`${verb} asked for ${application} (${command.metadata.name ?? ''})`)
      : printObjects([command], options.output);
  const outcome = await awaitOutcome(connection, application, command.metadata.name ?? '');
  if (options.output !== undefined) await printValue(outcome, options.output);
  if (outcome.outcome === 'refused') throw new CommandFailure(`${verb} was refused: ${outcome.message}`);
  return options.output === undefined ? print(`${verb}: ${outcome.message}`) : undefined;
}

async function requireApplication({ client, namespace }: Connection, name: string): Promise<void> {
  try {
    await client.get(applications, { namespace, name });
  } catch (error) {
    if (!isStatusReason(error, 'NotFound')) throw error;
    throw new CommandFailure(
      `There is no Application named "${name}" in namespace ${namespace}. Those that there are: kubectl get applications -A`,
      { cause: error },
    );
  }
}

/** Before it is asked for; whether it still can be is for the controller to say. */
async function announceUndo(connection: Connection, application: string): Promise<void> {
  const last = describeLast(await listReleases(connection, application));
  if (last !== undefined) print(`undo takes back: ${last}`);
}

async function listReleases({ client, namespace }: Connection, application: string): Promise<readonly Release[]> {
  const labelSelector = `${labels.application}=${application}`;
  return (await client.list(releases, { namespace, labelSelector })).items;
}

/** An Application without a release keeps them itself. */
async function listOutcomes(connection: Connection, name: string): Promise<readonly CommandOutcome[]> {
  const { client, namespace } = connection;
  const owners = [await client.get(applications, { namespace, name }), ...(await listReleases(connection, name))];
  return owners.flatMap(({ status }) => status?.commands ?? []);
}

async function awaitOutcome(connection: Connection, application: string, name: string): Promise<CommandOutcome> {
  const deadline = performance.now() + outcomeTimeoutMilliseconds;
  while (performance.now() < deadline) {
    const found = (await listOutcomes(connection, application)).find((outcome) => outcome.name === name);
    if (found !== undefined) return found;
    await pause(lookAgainMilliseconds);
  }
  throw new CommandFailure(
    `No controller answered the command ${name} within ${outcomeTimeoutMilliseconds / 1_000} s. Does one run? (slipway status, slipway controller)`,
  );
}
