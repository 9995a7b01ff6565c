/** Effects on the key that signs sessions. */
import { secrets } from '@slipway/kube/resources';
import { newSessionKey } from '../sessions/session-key.ts';
import type { Effect } from './effects.ts';
import { createOwned, deleteSeen } from './writing.ts';

/** One that an earlier look made stays: with another key all sessions would be over. */
export const createSessionKey: Effect<'createSessionKey'> = (_, { client, observation: { application } }) =>
  createOwned(client, secrets, { object: newSessionKey(application), uid: application.metadata.uid ?? '' });

export const deleteSessionKey: Effect<'deleteSessionKey'> = (_, { client, observation }) =>
  deleteSeen(client, secrets, observation.sessionKey);
