/** Effects on the objects of one version. */
import type { Pod } from '@slipway/kube/api.generated';
import { pods, replicaSets, services } from '@slipway/kube/resources';
import { formatMicroTime } from '@slipway/kube/clock';
import { keyOf } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import { withCopies } from '../adoption/frozen-template.ts';
import type { TakenMeasurement } from '../gates/metric/check-state.ts';
import { annotations, backendName, fieldManager, labels } from '../names.ts';
import { otherVersions } from '../other-versions.ts';
import type { ActionOf } from '../plan.ts';
import { nameOf } from '../release-context.ts';
import { versionService } from '../serving-objects.ts';
import { versionReplicaSet } from '../version-objects.ts';
import { podsOf, releaseOf, replicaSetOf, type Effect, type Look } from './effects.ts';
import { allOf, createOwned, deleteSeen } from './writing.ts';

type VersionLook = Pick<Look, 'client' | 'observation'>;

/** The Service first: a pod that is ready before it would stand behind nothing. */
export const createVersion = async (
  { release, replicas, alone }: ActionOf<'createVersion'>,
  look: VersionLook,
): Promise<void> => {
  const { client, observation } = look;
  if (alone === true) await requireAlone(look, nameOf(release));
  const uid = release.spec.applicationUid;
  const { service } = observation.application.spec;
  if (service !== undefined) await createOwned(client, services, { object: versionService(release, service), uid });
  await createOwned(client, replicaSets, { object: versionReplicaSet(release, replicas), uid });
};

/** Rejects as a write does that was decided on an older look. */
async function requireAlone({ client, observation }: VersionLook, release: string): Promise<void> {
  const { application } = observation;
  const { name, namespace } = keyOf(application);
  const selection = { namespace, labelSelector: `${labels.application}=${name}` };
  const [sets, running] = await Promise.all([client.list(replicaSets, selection), client.list(pods, selection)]);
  const [other] = otherVersions(
    { replicaSets: sets.items, pods: running.items },
    { release, uid: application.metadata.uid ?? '' },
  );
  if (other !== undefined)
    throw new StatusError('Conflict', `version ${release} would meet ${other}, which an older look did not show`);
}

export const scale: Effect<'scale'> = async ({ release, replicas, alone }, look) => {
  if (alone === true) await requireAlone(look, release);
  const set = replicaSetOf(look, release);
  const { resourceVersion } = set.metadata;
  await look.client.patch(
    replicaSets,
    keyOf(set),
    { type: 'merge', body: { metadata: { resourceVersion }, spec: { replicas } } },
    { fieldManager },
  );
};

/** Only what was seen: a template that is newer is looked at again. What it read is noted with it: records may be deleted. */
export const freezeTemplate: Effect<'freezeTemplate'> = async (action, look) => {
  const set = replicaSetOf(look, action.release);
  const { resourceVersion } = set.metadata;
  const release = releaseOf(look, action.release);
  const { spec } = withCopies(release, set.spec?.template ?? {});
  const notes = { [annotations.formerReferences]: JSON.stringify(release.spec.frozen ?? {}) };
  const body = { metadata: { resourceVersion, annotations: notes }, spec: { template: { spec } } };
  await look.client.patch(replicaSets, keyOf(set), { type: 'merge', body }, { fieldManager });
};

type PodLook = Pick<Look, 'client' | 'clock' | 'observation'>;

export const startDrain = (action: ActionOf<'startDrain'>, look: PodLook): Promise<void> =>
  annotatePods(look, action.pods, { [annotations.drainingSince]: formatMicroTime(look.clock.now()) });

export const markForDeletion = (action: ActionOf<'markForDeletion'>, look: PodLook): Promise<void> =>
  annotatePods(look, action.pods, { [annotations.deletionCost]: '-1000' });

/** As they were seen: one that was given traffic meanwhile, or says something new of itself, is left to the next look. */
function annotatePods(look: PodLook, names: readonly string[], marks: Readonly<Record<string, string>>): Promise<void> {
  const annotate = async (pod: Pod): Promise<void> => {
    const metadata = { resourceVersion: pod.metadata.resourceVersion, annotations: marks };
    await look.client.patch(pods, keyOf(pod), { type: 'merge', body: { metadata } }, { fieldManager });
  };
  return allOf(podsOf(look, names).map(annotate));
}

/** Of those who cannot be asked at this moment the next look asks again. */
export const askHealth: Effect<'askHealth'> = (action, look) =>
  look.healthQuestions.begin({
    ...look,
    release: releaseOf(look, action.release),
    pods: podsOf(look, action.pods),
    reach: look.healthReach,
  });

/** Where too many are taken at this moment, the next look asks again. */
export const measure: Effect<'measure'> = (order, { measurements, observation, onMeasured }) => {
  const onTaken = (taken: TakenMeasurement): void => onMeasured(order.key, taken);
  measurements.begin({ ...order, split: observation.split, onTaken });
};

export const deleteVersion: Effect<'deleteVersion'> = async (action, look) => {
  const { replicaSets: sets, services: known } = look.observation;
  const name = backendName(releaseOf(look, action.release).spec);
  await deleteSeen(
    look.client,
    services,
    known.find(({ metadata }) => metadata.name === name),
  );
  await deleteSeen(
    look.client,
    replicaSets,
    sets.find(({ metadata }) => metadata.name === name),
  );
};
