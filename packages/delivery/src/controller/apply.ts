/** Carries out what was decided: the only writer. */
import { keyOf } from '@slipway/kube/object';
import { applications } from '../api/application.ts';
import { releases } from '../api/release.ts';
import type { Observation } from '../observation.ts';
import type { Action, ActionOf, ActionType, Decision } from '../plan.ts';
import { planStatusWrites, type StatusWrite } from '../status/status-writes.ts';
import type { Effect, Effects, Look } from './effects.ts';
import { createRelease, deleteApproval, deleteCommand, deleteRelease, event, setFinalizer } from './record-effects.ts';
import { deleteBudget, ensureBudget } from './budget-effects.ts';
import { deleteCopy, freezeConfiguration } from './configuration-effects.ts';
import { callWebhook, deleteJob, explainJob, startJob, stopJob } from './hook-effects.ts';
import { createSessionKey, deleteSessionKey } from './session-effects.ts';
import { tryRelease } from './try-release.ts';
import {
  closeRoute,
  countTraffic,
  deleteService,
  ensureService,
  removeRoute,
  setServing,
  setSplit,
} from './traffic-effects.ts';
import {
  askHealth,
  createVersion,
  deleteVersion,
  freezeTemplate,
  markForDeletion,
  measure,
  scale,
  startDrain,
} from './version-effects.ts';
import { allOf, writeStatus } from './writing.ts';

const effects: { readonly [Type in ActionType]: Effect<Type> } = {
  tryRelease,
  freezeConfiguration,
  freezeTemplate,
  deleteCopy,
  createRelease,
  createVersion,
  ensureService,
  deleteService,
  ensureBudget,
  deleteBudget,
  scale,
  setServing,
  startDrain,
  markForDeletion,
  setSplit,
  createSessionKey,
  deleteSessionKey,
  countTraffic,
  askHealth,
  measure,
  startJob,
  stopJob,
  deleteJob,
  explainJob,
  callWebhook,
  deleteVersion,
  deleteRelease,
  deleteCommand,
  deleteApproval,
  setFinalizer,
  closeRoute,
  removeRoute,
  event,
};

/**
 * In order, stopping at the first failure; the next look decides again. First what later looks decide by, for it remembers
 * why what follows is done; what only tells how things stand goes beside it all, and nothing waits for it.
 */
export async function applyDecision(decision: Decision, observation: Observation, world: Effects): Promise<void> {
  const look: Look = { ...world, observation };
  const { first, beside } = planStatusWrites(decision, observation);
  const acted = act(first, decision.actions, look);
  await allOf([acted, ...beside.map((write) => carryOutStatus(write, look))]);
}

async function act(first: readonly StatusWrite[], actions: readonly Action[], look: Look): Promise<void> {
  for (const write of first) await carryOutStatus(write, look);
  for (const action of actions) await carryOut(action, look);
}

function carryOut<Type extends ActionType>(action: ActionOf<Type>, look: Look): Promise<void> | void {
  const effect: Effect<Type> = effects[action.type];
  return effect(action, look);
}

function carryOutStatus(write: StatusWrite, { client, observation }: Look): Promise<void> {
  const { status } = write;
  const [type, object] =
    write.of === 'application' ? [applications, observation.application] : [releases, write.release];
  const { resourceVersion } = object.metadata;
  return writeStatus(client, { type, key: keyOf(object), status, resourceVersion });
}
