/** Shows what adopting or ejecting will change, asks, and carries it out. */
import { createInterface } from 'node:readline/promises';
import type { AdoptionWorld, HandoverPlan, Step } from '@slipway/delivery/adoption/adoption-world';
import { carryOut } from '@slipway/delivery/adoption/carry-out';
import { observeAdoption } from '@slipway/delivery/adoption/observe-adoption';
import type { AccessRight } from '@slipway/kube/access-right';
import { messageOf } from '@slipway/kube/message-of';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { deployments, pods, replicaSets, services } from '@slipway/kube/resources';
import { limitTime } from '@slipway/kube/time-limit';
import type { Connection } from '../connection/connection.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { missingRights, refuseWithout } from '../install/rights.ts';
import { print, printValue } from '../output/output.ts';
import { createProgress } from '../output/progress.ts';
import { describePlan, planAsData } from './describe-plan.ts';

export interface HandoverOptions extends GlobalOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** Seconds. */
  readonly timeout: number;
}

export interface Handover {
  readonly deployment: string;
  /** What was looked at already; absent: it is looked at now. */
  readonly seen?: AdoptionWorld;
  readonly plan: (world: AdoptionWorld) => HandoverPlan;
  readonly isDone?: (world: AdoptionWorld) => boolean;
  /** Beside changing the Deployment, its ReplicaSets, pods and Services. */
  readonly writes: readonly AccessRight[];
  /** Said where nothing is left to do. */
  readonly nothing: string;
  readonly conclusion: string;
  readonly options: HandoverOptions;
}

export async function handOver(connection: Connection, handover: Handover): Promise<void> {
  const { options, deployment } = handover;
  const { client, namespace } = connection;
  using limit = limitTime({
    clock: systemClock,
    milliseconds: options.timeout * 1_000,
    signal: new AbortController().signal,
    message: `not done within ${options.timeout} s: run this again, and it goes on where it was. Does a delivery controller run? (slipway status)`,
  });
  const observe = () => observeAdoption({ client, namespace, deployment, signal: limit.signal });
  const plan = handover.plan(handover.seen ?? (await observe()));
  if (plan.refusals.length > 0) throw usageFailure([...plan.refusals, 'Nothing was changed.'].join('\n'));
  const isEmpty = plan.stages.flat().length === 0;
  if (options.output === undefined) print(isEmpty ? handover.nothing : describePlan(plan));
  else if (options.dryRun || isEmpty) await printValue(planAsData(plan, { isDone: isEmpty }), options.output);
  if (isEmpty || options.dryRun) return;
  refuseWithout(
    await missingRights(client, neededRights(handover, namespace), limit.signal),
    'Ask an administrator of the cluster.',
  );
  await agree(options);
  limit.restart();
  await run(connection, handover, { observe, signal: limit.signal });
  if (options.output !== undefined) return printValue(planAsData(plan, { isDone: true }), options.output);
  return print(handover.conclusion);
}

function neededRights({ writes }: Handover, namespace: string): readonly AccessRight[] {
  const patched = [deployments, replicaSets, pods, services].map((type) => ({ verb: 'patch', type, namespace }));
  const passing = ['create', 'delete'].map((verb) => ({ verb, type: services, namespace }));
  return [...patched, ...passing, ...writes.map((right) => ({ ...right, namespace }))];
}

/** Asks where somebody can answer. */
async function agree({ yes, output }: HandoverOptions): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stdout.isTTY || output !== undefined)
    throw usageFailure('Nothing was changed: add --yes to change it, where nobody can be asked.');
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await asking.question('Change this? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailure('Nothing was changed.');
  } finally {
    asking.close();
  }
}

interface Run {
  readonly observe: () => Promise<AdoptionWorld>;
  readonly signal: AbortSignal;
}

async function run(
  { client }: Connection,
  { plan, isDone, options }: Handover,
  { observe, signal }: Run,
): Promise<void> {
  const progress = await createProgress(options.output === undefined ? process.stdout : process.stderr);
  const onStep = (step: Step): void => {
    const stage =
      step.verb === 'wait' ? `waiting for ${step.what}` : `${step.type.kind} ${step.object.metadata.name ?? ''}`;
    progress.update({ lines: [stage], stage });
  };
  try {
    const outcome = await carryOut({ client, clock: systemClock, signal, observe, plan, isDone, onStep });
    if (outcome.isDone) return;
    throw new CommandFailure(
      ['It cannot go on, and stays as it is; what serves goes on serving.', ...outcome.refusals].join('\n'),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    const { reason }: { readonly reason: unknown } = signal;
    throw new CommandFailure(messageOf(reason), { cause: error });
  } finally {
    await progress.done();
  }
}
