/** Effects on our own records. */
import type { KubeClient } from '@slipway/kube/client';
import { finalizerPatch } from '@slipway/kube/finalizers';
import { keyOf } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import { applications } from '../api/application.ts';
import { releaseApprovals } from '../api/release-approval.ts';
import { releaseCommands } from '../api/release-command.ts';
import { releases } from '../api/release.ts';
import { fieldManager, labels, teardownFinalizer } from '../names.ts';
import type { Observation } from '../observation.ts';
import type { ActionOf } from '../plan.ts';
import { nameOf } from '../release-context.ts';
import { findUnseen } from '../unseen-releases.ts';
import type { Effect, Look } from './effects.ts';
import { createOwned, deleteSeen } from './writing.ts';

export const createRelease: Effect<'createRelease'> = ({ release }, { client }) =>
  createOwned(client, releases, { object: release, uid: release.spec.applicationUid });

export const deleteRelease: Effect<'deleteRelease'> = ({ release }, { client, observation }) =>
  deleteSeen(
    client,
    releases,
    observation.releases.find((each) => nameOf(each) === release),
  );

export const deleteCommand: Effect<'deleteCommand'> = ({ name }, { client, observation }) =>
  deleteSeen(
    client,
    releaseCommands,
    observation.commands.find(({ metadata }) => metadata.name === name),
  );

export const deleteApproval: Effect<'deleteApproval'> = ({ name }, { client, observation }) =>
  deleteSeen(
    client,
    releaseApprovals,
    observation.approvals.find(({ metadata }) => metadata.name === name),
  );

export async function setFinalizer(
  { present, isAllSeen }: ActionOf<'setFinalizer'>,
  { client, observation }: Pick<Look, 'client' | 'observation'>,
): Promise<void> {
  const { application } = observation;
  if (isAllSeen === true) await requireAllSeen(client, observation);
  const patch = finalizerPatch(application, { finalizer: teardownFinalizer, present });
  await client.patch(applications, keyOf(application), patch, { fieldManager });
}

/** Caches of different kinds are behind each other: the deletion of an Application may be seen before its last Release. */
async function requireAllSeen(client: KubeClient, { application, releases: seen }: Observation): Promise<void> {
  const { namespace, name = '', uid = '' } = application.metadata;
  const { items } = await client.list(releases, { namespace, labelSelector: `${labels.application}=${name}` });
  const unseen = findUnseen(items, seen, uid);
  if (unseen !== undefined)
    throw new StatusError(
      'Conflict',
      `the Release ${namespace}/${nameOf(unseen)} was made after what was seen of the Application: it is looked at again`,
    );
}

export const event: Effect<'event'> = ({ kind, reason, message, release }, { recorder, observation }) => {
  const object = observation.releases.find((each) => nameOf(each) === release);
  const subject =
    object === undefined ? { object: observation.application, type: applications } : { object, type: releases };
  recorder.event(subject, { type: kind, reason, message });
};
