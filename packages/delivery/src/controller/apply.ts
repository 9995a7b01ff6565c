/** Carries out what was decided: the only writer. */
import { isSameJson } from '@slipway/kube/json-equality';
import { keyOf } from '@slipway/kube/object';
import { applications } from '../api/application.ts';
import { releases } from '../api/release.ts';
import type { Observation } from '../observation.ts';
import type { ActionOf, ActionType, Decision } from '../plan.ts';
import { isLost } from '../lost-versions.ts';
import { nameOf } from '../release-context.ts';
import type { Effect, Effects, Look } from './effects.ts';
import { createRelease, deleteApproval, deleteCommand, deleteRelease, event, setFinalizer } from './record-effects.ts';
import { deleteBudget, ensureBudget } from './budget-effects.ts';
import { deleteCopy, freezeConfiguration } from './configuration-effects.ts';
import { callWebhook, deleteJob, explainJob, startJob, stopJob } from './hook-effects.ts';
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
import { askHealth, createVersion, deleteVersion, markForDeletion, measure, scale } from './version-effects.ts';
import { writeStatus } from './writing.ts';

const effects: { readonly [Type in ActionType]: Effect<Type> } = {
  tryRelease,
  freezeConfiguration,
  deleteCopy,
  createRelease,
  createVersion,
  ensureService,
  deleteService,
  ensureBudget,
  deleteBudget,
  scale,
  setServing,
  markForDeletion,
  setSplit,
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
 * In order, stopping at the first failure; the next look decides again. Status first, for it remembers why what follows is
 * done, and that of the Application before those of its releases: which version serves and which is refused must be known
 * when a release that has ended is looked at.
 */
export async function applyDecision(decision: Decision, observation: Observation, world: Effects): Promise<void> {
  const look: Look = { ...world, observation };
  await writeApplicationStatus(decision, look);
  await writeReleaseStatuses(decision, look);
  for (const action of decision.actions) await carryOut(action, look);
}

function carryOut<Type extends ActionType>(action: ActionOf<Type>, look: Look): Promise<void> | void {
  const effect: Effect<Type> = effects[action.type];
  return effect(action, look);
}

async function writeReleaseStatuses({ releaseStatuses }: Decision, { client, observation }: Look): Promise<void> {
  for (const release of observation.releases) {
    const status = releaseStatuses.get(nameOf(release));
    if (status === undefined || isLost(release)) continue;
    const { resourceVersion } = release.metadata;
    await writeStatus(client, { type: releases, key: keyOf(release), status, resourceVersion });
  }
}

async function writeApplicationStatus({ applicationStatus }: Decision, { client, observation }: Look): Promise<void> {
  const { application } = observation;
  if (applicationStatus === undefined || isSameJson(applicationStatus, application.status)) return;
  const { resourceVersion } = application.metadata;
  const key = keyOf(application);
  await writeStatus(client, { type: applications, key, status: applicationStatus, resourceVersion });
}
