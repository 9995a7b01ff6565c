/** The configuration that a version needs at another place: what is there stays as it is, and what is not may be copied. */
import { referencesOf } from '@slipway/delivery/asked';
import type { ApplicationSpec } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import { contentHash, contentOf } from '@slipway/delivery/configuration/content';
import { referenceKey, type Reference } from '@slipway/delivery/configuration/references';
import type { ConfigMap, Secret } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';

/** One namespace of one cluster. */
export interface Place {
  readonly client: Pick<KubeClient, 'get' | 'create'>;
  readonly namespace: string;
}

export interface NeededConfiguration {
  /** `ConfigMap/settings`: not there, and frozen with the version, so that it can be copied. */
  readonly copyable: readonly Needed[];
  /** Not there, and read where it stands: it belongs to the place. */
  readonly live: readonly string[];
  /** There with other content than the version was released with. */
  readonly different: readonly string[];
}

export interface Needed {
  readonly reference: Reference;
  /** Name of the copy that was frozen. */
  readonly frozen: string;
}

/** What the pods of the version cannot start without, held against what is there. */
export async function findNeeded(spec: ApplicationSpec, release: Release, target: Place): Promise<NeededConfiguration> {
  const looked = await Promise.all(
    referencesOf(spec).map(async (reference) => ({
      reference,
      frozen: release.spec.frozen?.[referenceKey(reference)],
      there: await readObject(target, reference),
    })),
  );
  const absent = looked.filter(({ there }) => there === undefined);
  return {
    copyable: absent.flatMap(({ reference, frozen }) => (frozen === undefined ? [] : [{ reference, frozen }])),
    live: absent
      .filter(({ reference, frozen }) => frozen === undefined && !reference.isOptional)
      .map(({ reference }) => referenceKey(reference)),
    different: looked.flatMap(({ reference, frozen, there }) =>
      there !== undefined && frozen !== undefined && contentHash(there) !== contentOf(frozen)
        ? [referenceKey(reference)]
        : [],
    ),
  };
}

/** The object that the copy was made of, as it was then. Undefined: the copy is gone. */
export async function readNeeded(
  { reference, frozen }: Needed,
  from: Place,
  namespace: string,
): Promise<(ConfigMap | Secret) | undefined> {
  const copy = await readObject(from, { ...reference, name: frozen });
  if (copy === undefined) return undefined;
  const { immutable: _, metadata: __, ...content } = copy;
  return {
    ...content,
    apiVersion: 'v1',
    kind: reference.kind,
    metadata: { name: reference.name, namespace },
  };
}

/** Fails where somebody has made one meanwhile: nothing is replaced. */
export async function createNeeded(
  { client }: Place,
  object: ConfigMap | Secret,
  options: { readonly dryRun: boolean },
): Promise<KubeObject> {
  return object.kind === 'Secret'
    ? client.create(secrets, object, { ...options, fieldManager: 'slipway' })
    : client.create(configMaps, object, { ...options, fieldManager: 'slipway' });
}

function readObject(
  { client, namespace }: Place,
  { kind, name }: Pick<Reference, 'kind' | 'name'>,
): Promise<(ConfigMap | Secret) | undefined> {
  const key = { namespace, name };
  return absentAsUndefined<ConfigMap | Secret>(
    kind === 'Secret' ? client.get(secrets, key) : client.get(configMaps, key),
  );
}
