/** Which Applications are released in one order, found in the caches. */
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import type { Informer } from '@slipway/kube/informer';
import type { Application } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import { isOurs } from '../names.ts';
import { findCycle, noCompanions, predecessorsOf, type Companion, type Companions } from '../order/companions.ts';

interface CompanionCaches {
  readonly applications: Informer<Application>;
  /** By `namespace/application`. */
  readonly releases: Informer<Release>;
}

export const byApplication = 'application';
const byDependency = 'dependency';

/** Applications by what they depend on. */
export const companionIndexes = {
  [byDependency]: ({ metadata, spec }: Application): readonly string[] =>
    (spec.dependsOn ?? []).map((name) => indexKey({ namespace: metadata.namespace, name })),
};

/** Those that look at an Application before they go on. */
export function followersOf(
  { applications }: Pick<CompanionCaches, 'applications'>,
  key: ObjectKey,
): readonly ObjectKey[] {
  return applications.byIndex(byDependency, indexKey(key)).map(keyOf);
}

export function companionsOf(caches: CompanionCaches, application: Application): Companions {
  const { namespace, name = '' } = application.metadata;
  const before = namesBefore(application);
  if (before.length === 0) return noCompanions;
  const known = before.flatMap((each) => {
    const companion = findCompanion(caches, { namespace, name: each });
    return companion === undefined ? [] : [[each, companion] as const];
  });
  const edges = (each: string): readonly string[] => {
    const found = each === name ? application : caches.applications.get({ namespace, name: each });
    return found === undefined ? [] : namesBefore(found);
  };
  return { known: new Map(known), cycle: findCycle(name, edges) };
}

function namesBefore(application: Application): readonly string[] {
  return predecessorsOf(application).map(({ name }) => name);
}

function findCompanion({ applications, releases }: CompanionCaches, key: ObjectKey): Companion | undefined {
  const application = applications.get(key);
  if (application === undefined) return undefined;
  const { uid = '' } = application.metadata;
  // Of an Application of the same name that is gone: none of its own.
  const own = releases.byIndex(byApplication, indexKey(key)).filter((release) => isOurs(release, uid));
  return { application, releases: own };
}

function indexKey({ namespace = '', name }: ObjectKey): string {
  return `${namespace}/${name}`;
}
