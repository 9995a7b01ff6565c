import type { Release } from '@slipway/delivery/api/release';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps, secrets } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { calculateChanges, type Change } from '../view/differences.ts';

/** What was asked for, and the configuration that was frozen with it, by the name that the template gives it. */
export async function compareVersions(
  before: Release,
  after: Release,
  client: KubeClient,
): Promise<{ readonly changes: readonly Change[]; readonly unknown: readonly string[] }> {
  const spec = calculateChanges({ part: 'spec', before: askedFor(before), after: askedFor(after) });
  const parts = [...new Set([before, after].flatMap(({ spec }) => Object.keys(spec.frozen ?? {})))].toSorted();
  const configuration = await Promise.all(
    parts.map(async (part) => {
      const [old, recent] = [before, after].map(({ spec }) => spec.frozen?.[part]);
      // Copies are named by their content.
      if (old === recent) return [];
      const [one, other] = await Promise.all([readCopy(before, part, client), readCopy(after, part, client)]);
      if (one === 'unknown' || other === 'unknown') return part;
      return part.startsWith('Secret/')
        ? compareSecrets(part, one, other)
        : calculateChanges({ part, before: one, after: other });
    }),
  );
  return {
    changes: [...spec, ...configuration.flatMap((each) => (typeof each === 'string' ? [] : each))],
    unknown: configuration.filter((each) => typeof each === 'string'),
  };
}

/** The frozen copies are compared by what they hold. */
function askedFor({ spec }: Release): object {
  const { application: _, applicationUid: __, identity: ___, frozen: ____, ...asked } = spec;
  return asked;
}

type Values = Readonly<Record<string, string>>;

/** Undefined where the version has none of it; `unknown` where the copy is gone, or may not be read. */
async function readCopy(release: Release, part: string, client: KubeClient): Promise<Values | 'unknown' | undefined> {
  const name = release.spec.frozen?.[part];
  if (name === undefined) return undefined;
  const key = { namespace: release.metadata.namespace, name };
  try {
    if (part.startsWith('Secret/')) return (await client.get(secrets, key)).data ?? {};
    const { data, binaryData } = await client.get(configMaps, key);
    return { ...data, ...binaryData };
  } catch (error) {
    if (isStatusReason(error, 'NotFound') || isStatusReason(error, 'Forbidden')) return 'unknown';
    throw error;
  }
}

/** That a value is another one is said, and which is not. */
function compareSecrets(part: string, before: Values | undefined, after: Values | undefined): readonly Change[] {
  return calculateChanges({ part, before: before ?? {}, after: after ?? {} }).map(({ field, type }) => ({
    part,
    field,
    type,
  }));
}
