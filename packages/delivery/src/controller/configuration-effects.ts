/** Effects on the frozen copies of ConfigMaps and Secrets. */
import type { ConfigMap, Secret } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { absentAsUndefined, StatusError } from '@slipway/kube/status-error';
import type { Release } from '../api/release.ts';
import { environmentReferences } from '../configuration/environment.ts';
import { contentHash, contentOf, freezeConfigMap, freezeSecret, type CopyOf } from '../configuration/content.ts';
import { referenceKey, type ConfigurationKind } from '../configuration/references.ts';
import { replicaSetName } from '../names.ts';
import type { Effect, Look } from './effects.ts';
import { createOwned, deleteSeen } from './writing.ts';

/** A copy that a version refers to and that there is not yet. */
export interface MissingCopy {
  readonly type: ResourceType<ConfigMap> | ResourceType<Secret>;
  readonly object: ConfigMap | Secret;
}

export const freezeConfiguration: Effect<'freezeConfiguration'> = async ({ release }, look) => {
  const uid = release.spec.applicationUid;
  for (const read of missingCopies(release, look)) {
    const { type, object } = await read();
    await createOwned(look.client, type, { object, uid });
  }
};

/** Each is read when it is asked for. */
export function missingCopies({ spec }: Release, look: Look): ReadonlyArray<() => Promise<MissingCopy>> {
  const { application, applicationUid, frozen = {} } = spec;
  const known = new Set(look.observation.copies.map(({ object }) => object.metadata.name));
  return Object.entries(frozen)
    .filter(([, name]) => !known.has(name))
    .map(([key, name]) => {
      const [kind, source = ''] = key.split('/');
      const copying: Copying = { look, of: { application, applicationUid, source }, content: contentOf(name) };
      return () => (kind === 'Secret' ? copySecret(copying) : copyConfigMap(copying));
    });
}

interface Copying {
  readonly look: Look;
  readonly of: CopyOf;
  readonly content: string;
}

async function copyConfigMap({ look, of, content }: Copying): Promise<MissingCopy> {
  const object = await look.client.get(configMaps, sourceKey(look, of));
  checkContent(object, contentHash(object), content);
  return { type: configMaps, object: freezeConfigMap(object, of) };
}

async function copySecret({ look, of, content }: Copying): Promise<MissingCopy> {
  const object = await look.client.get(secrets, sourceKey(look, of));
  checkContent(object, contentHash(object), content);
  return { type: secrets, object: freezeSecret(object, of) };
}

function sourceKey({ observation }: Look, { source }: CopyOf): { readonly namespace: string; readonly name: string } {
  return { namespace: observation.application.metadata.namespace ?? 'default', name: source };
}

/**
 * Rejects where the variables of the platform are not what the look knows of them. No later look would ever see that a
 * version was begun without those that were written just before it was asked for: they are no release.
 */
export async function requireEnvironment({ spec }: Release, look: Look): Promise<void> {
  const { observation } = look;
  if (observation.replicaSets.some(({ metadata }) => metadata.name === replicaSetName(spec))) return;
  await Promise.all(
    environmentReferences.map(async ({ kind, name }) => {
      const copy = spec.frozen?.[referenceKey({ kind, name })];
      const object = await absentAsUndefined(readSource(kind, name, look));
      const found = object === undefined ? undefined : contentHash(object);
      if (found !== (copy === undefined ? undefined : contentOf(copy))) throw hasChanged(name);
    }),
  );
}

function readSource(kind: ConfigurationKind, name: string, { client, observation }: Look): Promise<ConfigMap | Secret> {
  const key = { namespace: observation.application.metadata.namespace ?? 'default', name };
  return kind === 'Secret' ? client.get(secrets, key) : client.get(configMaps, key);
}

/** What was hashed is copied and nothing newer: a source that has changed since is looked at again. */
function checkContent({ metadata }: KubeObject, found: string, expected: string): void {
  if (found !== expected) throw hasChanged(metadata.name ?? '');
}

function hasChanged(name: string): StatusError {
  return new StatusError('Conflict', `${name} has changed since it was looked at`);
}

export const deleteCopy: Effect<'deleteCopy'> = ({ kind, name }, { client, observation }) => {
  const seen = observation.copies.find((copy) => copy.kind === kind && copy.object.metadata.name === name);
  return deleteSeen(client, kind === 'Secret' ? secrets : configMaps, seen?.object);
};
