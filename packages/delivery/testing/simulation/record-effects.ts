import { formatTime } from '@slipway/kube/clock';
import type { Release } from '../../src/api/release.ts';
import { frozenName } from '../../src/configuration/content.ts';
import { referenceKey } from '../../src/configuration/references.ts';
import type { Trial } from '../../src/observation.ts';
import { annotations, teardownFinalizer } from '../../src/names.ts';
import { applicationService, versionService } from '../../src/serving-objects.ts';
import { findUnseen } from '../../src/unseen-releases.ts';
import { outdated, type Effect } from './effect.ts';
import { controllerTime, application, configMap, versioned } from './world.ts';

export const unfitImage = 'unfit';

export const tryRelease: Effect<'tryRelease'> = ({ attempt, release }, world) => ({
  ...world,
  trial: { attempt, at: controllerTime(world), standsFor: 30_000, refusal: refusalOf(release) },
});

/** What the API server would say of an image that no pod may have. */
function refusalOf({ spec }: Release): Trial['refusal'] {
  const isUnfit = spec.template.spec?.containers[0]?.image === unfitImage;
  return isUnfit ? { reason: 'TemplateRefused', message: 'unfit', cause: 'spec' } : undefined;
}

export const freezeConfiguration: Effect<'freezeConfiguration'> = ({ release: { spec } }, world) => {
  const { name } = configMap;
  const frozen = frozenName(application, name, world.configuration);
  if (spec.frozen?.[referenceKey(configMap)] !== frozen) throw outdated;
  if (world.copies.some(({ object }) => object.metadata.name === frozen)) return world;
  const owned = { [annotations.ownerUid]: world.application.metadata.uid ?? '' };
  const metadata = { name: frozen, creationTimestamp: formatTime(world.now), annotations: owned };
  return { ...world, copies: [...world.copies, { kind: 'ConfigMap', object: { metadata } }] };
};

export const deleteCopy: Effect<'deleteCopy'> = ({ name }, world) => ({
  ...world,
  copies: world.copies.filter(({ object }) => object.metadata.name !== name),
});

export const ensureService: Effect<'ensureService'> = ({ release }, world, seen) => {
  const found = seen.releases.find(({ metadata }) => metadata.name === release);
  const service =
    found === undefined
      ? applicationService(world.application)
      : versionService(found, world.application.spec.service ?? {});
  const others = world.services.filter(({ metadata }) => metadata.name !== service.metadata.name);
  return { ...world, services: [...others, service] };
};

export const deleteService: Effect<'deleteService'> = (_, world) => ({
  ...world,
  services: world.services.filter(({ metadata }) => metadata.name !== application),
});

export const setFinalizer: Effect<'setFinalizer'> = ({ present, isAllSeen }, world, { application, releases }) => {
  if (isAllSeen === true && findUnseen(world.releases, releases, application.metadata.uid ?? '') !== undefined)
    throw outdated;
  const { finalizers = [], ...metadata } = world.application.metadata;
  const others = finalizers.filter((each) => each !== teardownFinalizer);
  const [written, revision] = versioned(world, {
    ...world.application,
    metadata: { ...metadata, finalizers: present ? [...others, teardownFinalizer] : others },
  });
  return { ...world, revision, application: written };
};

export const ensureBudget: Effect<'ensureBudget'> = ({ budget }, world) => ({
  ...world,
  budgets: [...world.budgets.filter(({ metadata }) => metadata.name !== budget.metadata.name), budget],
});

export const deleteBudget: Effect<'deleteBudget'> = ({ name }, world) => ({
  ...world,
  budgets: world.budgets.filter(({ metadata }) => metadata.name !== name),
});

export const createRelease: Effect<'createRelease'> = ({ release }, world) => {
  if (world.releases.some(({ metadata }) => metadata.name === release.metadata.name)) return world;
  const metadata = { ...release.metadata, creationTimestamp: formatTime(world.now) };
  const [written, revision] = versioned(world, { ...release, metadata });
  return { ...world, revision, releases: [...world.releases, written] };
};

export const deleteRelease: Effect<'deleteRelease'> = ({ release }, world, seen) => {
  const known = seen.releases.find(({ metadata }) => metadata.name === release);
  const current = world.releases.find(({ metadata }) => metadata.name === release);
  if (current === undefined || known === undefined) return world;
  if (current.metadata.resourceVersion !== known.metadata.resourceVersion) throw outdated;
  return { ...world, releases: world.releases.filter((each) => each !== current) };
};

export const deleteCommand: Effect<'deleteCommand'> = ({ name }, world) => ({
  ...world,
  commands: world.commands.filter(({ metadata }) => metadata.name !== name),
});
