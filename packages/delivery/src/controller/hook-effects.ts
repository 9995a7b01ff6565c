/** Effects of hooks. */
import { keyOf } from '@slipway/kube/object';
import { jobs } from '@slipway/kube/resources';
import { explainJob as findCause } from '../hooks/explain-job.ts';
import { fieldManager } from '../names.ts';
import type { Effect } from './effects.ts';
import { createOwned, deleteSeen } from './writing.ts';

export const startJob: Effect<'startJob'> = ({ job }, { client, observation }) =>
  createOwned(client, jobs, { object: job, uid: observation.application.metadata.uid ?? '' });

/** A suspended Job has no pods, and stays to tell what became of it. */
export const stopJob: Effect<'stopJob'> = async ({ name }, { client, observation }) => {
  const job = observation.jobs.find(({ metadata }) => metadata.name === name);
  if (job === undefined) return;
  const { resourceVersion } = job.metadata;
  const body = { metadata: { resourceVersion }, spec: { suspend: true } };
  await client.patch(jobs, keyOf(job), { type: 'merge', body }, { fieldManager });
};

export const deleteJob: Effect<'deleteJob'> = ({ name }, { client, observation }) =>
  deleteSeen(
    client,
    jobs,
    observation.jobs.find(({ metadata }) => metadata.name === name),
  );

/** Where too many are made at this moment, the next look asks again. */
export const callWebhook: Effect<'callWebhook'> = ({ order }, { webhookCalls, onHookFinding }) => {
  webhookCalls.begin(order, (answer) => onHookFinding(order.key, { type: 'answer', answer }));
};

export const explainJob: Effect<'explainJob'> = async ({ name }, { client, observation, onHookFinding }) => {
  const { namespace = 'default' } = observation.application.metadata;
  onHookFinding(name, { type: 'cause', text: await findCause({ client, namespace, name }) });
};
