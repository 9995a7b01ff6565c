/** Effects on the frozen copies of ConfigMaps and Secrets. */
import type { KubeObject } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { contentHash, contentOf, freezeConfigMap, freezeSecret, type CopyOf } from '../configuration/content.ts';
import type { Effect, Look } from './effects.ts';
import { createOwned, deleteSeen } from './writing.ts';

/** Copies what was hashed and nothing newer: a source that has changed since is looked at again. */
export const freezeConfiguration: Effect<'freezeConfiguration'> = async ({ release }, look) => {
  const { application, applicationUid, frozen = {} } = release.spec;
  const known = new Set(look.observation.copies.map(({ object }) => object.metadata.name));
  for (const [key, name] of Object.entries(frozen)) {
    if (known.has(name)) continue;
    const [kind, source = ''] = key.split('/');
    const of: CopyOf = { application, applicationUid, source };
    const copy = kind === 'Secret' ? copySecret : copyConfigMap;
    await copy({ look, of, content: contentOf(name) });
  }
};

interface Copying {
  readonly look: Look;
  readonly of: CopyOf;
  readonly content: string;
}

async function copyConfigMap({ look, of, content }: Copying): Promise<void> {
  const object = await look.client.get(configMaps, sourceKey(look, of));
  checkContent(object, contentHash(object), content);
  await createOwned(look.client, configMaps, { object: freezeConfigMap(object, of), uid: of.applicationUid });
}

async function copySecret({ look, of, content }: Copying): Promise<void> {
  const object = await look.client.get(secrets, sourceKey(look, of));
  checkContent(object, contentHash(object), content);
  await createOwned(look.client, secrets, { object: freezeSecret(object, of), uid: of.applicationUid });
}

function sourceKey({ observation }: Look, { source }: CopyOf): { readonly namespace: string; readonly name: string } {
  return { namespace: observation.application.metadata.namespace ?? 'default', name: source };
}

function checkContent({ metadata }: KubeObject, found: string, expected: string): void {
  if (found !== expected)
    throw new StatusError('Conflict', `${metadata.name ?? ''} has changed since it was looked at`);
}

export const deleteCopy: Effect<'deleteCopy'> = ({ kind, name }, { client, observation }) => {
  const seen = observation.copies.find((copy) => copy.kind === kind && copy.object.metadata.name === name);
  return deleteSeen(client, kind === 'Secret' ? secrets : configMaps, seen?.object);
};
