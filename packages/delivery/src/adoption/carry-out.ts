/** Carries out a handover, stage by stage, looking again after each: the cluster says what is left to do. */
import type { KubeClient } from '@slipway/kube/client';
import { delay, type Clock } from '@slipway/kube/clock';
import { keyOf } from '@slipway/kube/object';
import { isStatusReason } from '@slipway/kube/status-error';
import type { AdoptionWorld, HandoverPlan, Step } from './adoption-world.ts';

export interface HandoverShell {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly observe: () => Promise<AdoptionWorld>;
  readonly plan: (world: AdoptionWorld) => HandoverPlan;
  /** The end is reached where the plan would refuse to begin again; without it, where nothing is left to do. */
  readonly isDone?: ((world: AdoptionWorld) => boolean) | undefined;
  /** Told before each. */
  readonly onStep: (step: Step) => void;
}

export type HandoverOutcome =
  | { readonly isDone: true }
  | { readonly isDone: false; readonly refusals: readonly string[] };

const lookAgainMilliseconds = 200;

/** Ends when nothing is left to do, or when the cluster has come to be so that it cannot be done. Rejects with the signal's reason. */
export async function carryOut(shell: HandoverShell): Promise<HandoverOutcome> {
  for (;;) {
    shell.signal.throwIfAborted();
    const world = await shell.observe();
    if (shell.isDone?.(world) === true) return { isDone: true };
    const { refusals, stages } = shell.plan(world);
    if (refusals.length > 0) return { isDone: false, refusals };
    const stage = stages.find((steps) => steps.length > 0);
    if (stage === undefined) return { isDone: true };
    const outcome = await carryOutStage(stage, shell);
    if (outcome === 'lookLater') await delay(shell.clock, lookAgainMilliseconds, shell.signal);
  }
}

async function carryOutStage(stage: readonly Step[], shell: HandoverShell): Promise<'lookAgain' | 'lookLater'> {
  for (const step of stage) {
    shell.signal.throwIfAborted();
    shell.onStep(step);
    if (step.verb === 'wait') return 'lookLater';
    try {
      await write(step, shell);
    } catch (error) {
      // It was decided on what has changed since: the next look decides anew.
      if (isStatusReason(error, 'Conflict', 'AlreadyExists', 'NotFound')) return 'lookLater';
      throw error;
    }
  }
  return 'lookAgain';
}

async function write(step: Exclude<Step, { readonly verb: 'wait' }>, { client, signal }: HandoverShell): Promise<void> {
  const options = { fieldManager: 'slipway', signal };
  switch (step.verb) {
    case 'create':
      await client.create(step.type, step.object, options);
      return;
    case 'patch':
      await client.patch(step.type, keyOf(step.object), step.patch, options);
      return;
    case 'update':
      await client.update(step.type, step.object, options);
      return;
    case 'delete': {
      const { uid, resourceVersion } = step.object.metadata;
      const preconditions = { uid, resourceVersion };
      await client.delete(step.type, keyOf(step.object), { propagationPolicy: 'Background', preconditions, signal });
    }
  }
}
