/** Effects on our own records. */
import { finalizerPatch } from '@slipway/kube/finalizers';
import { keyOf } from '@slipway/kube/object';
import { applications } from '../api/application.ts';
import { releaseApprovals } from '../api/release-approval.ts';
import { releaseCommands } from '../api/release-command.ts';
import { releases } from '../api/release.ts';
import { fieldManager, teardownFinalizer } from '../names.ts';
import { nameOf } from '../release-context.ts';
import type { Effect } from './effects.ts';
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

export const setFinalizer: Effect<'setFinalizer'> = async ({ present }, { client, observation: { application } }) => {
  const patch = finalizerPatch(application, { finalizer: teardownFinalizer, present });
  await client.patch(applications, keyOf(application), patch, { fieldManager });
};

export const event: Effect<'event'> = ({ kind, reason, message, release }, { recorder, observation }) => {
  const object = observation.releases.find((each) => nameOf(each) === release);
  const subject =
    object === undefined ? { object: observation.application, type: applications } : { object, type: releases };
  recorder.event(subject, { type: kind, reason, message });
};
