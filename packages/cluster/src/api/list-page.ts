/** The objects that a list gives: those of one moment, all of them or a page. */
import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import type { ResourceDefinition } from '../schema/definition.ts';
import { RevisionCompacted, type StoredObject } from '../store/store.ts';
import { tooLargeVersion } from './api-errors.ts';
import { type ContinueToken, formatContinue, parseContinue } from './continue-token.ts';
import { readListOptions, type ListOptions } from './list-options.ts';
import { storePrefix } from './object-key.ts';
import type { ResourceStore } from './resource-store.ts';
import { createMatcher, type Matcher } from './selection.ts';

export interface ListedCollection {
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
}

export interface ListPage {
  readonly stored: readonly StoredObject[];
  /** The same, parsed. */
  readonly objects: readonly KubeObject[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

/** Throws `BadRequest`, `Invalid`, `Expired` for a moment that is forgotten, and `Timeout` for one to come. */
export function listPage(resources: ResourceStore, asked: ListedCollection): ListPage {
  const options = readListOptions(asked.query);
  const matcher = createMatcher(asked.definition, asked.query);
  const token = options.continueToken === '' ? undefined : continuation(options);
  const revision = chooseRevision(options, token, resources.store.revision);
  const prefix = collectionPrefix(asked);
  const all = listAt(resources, { prefix, revision, token });
  const rest = token === undefined ? all : all.filter(({ key }) => key >= prefix + token.start);
  // Kubernetes answers what may be of any revision from a cache that knows no pages.
  const limit = options.revision === 0 && token === undefined ? 0 : options.limit;
  const { stored, taken } = takePage(rest, { limit, matcher, resources });
  const resourceVersion = String(revision);
  const last = rest[taken - 1];
  if (last === undefined || taken === rest.length) return page(resources, stored, { resourceVersion });
  const next = formatContinue({ revision, start: `${last.key.slice(prefix.length)}\0` });
  // How many of the rest a selector would select is not known.
  const remaining = matcher === undefined ? { remainingItemCount: rest.length - taken } : {};
  return page(resources, stored, { resourceVersion, continue: next, ...remaining });
}

function page({ cache }: ResourceStore, stored: readonly StoredObject[], metadata: ListPage['metadata']): ListPage {
  let objects: readonly KubeObject[] | undefined;
  return {
    stored,
    get objects() {
      objects ??= stored.map((each) => cache.parse(each));
      return objects;
    },
    metadata,
  };
}

function continuation({ continueToken, revision = 0 }: ListOptions): ContinueToken {
  const token = parseContinue(continueToken);
  if (revision !== 0)
    throw new StatusError('BadRequest', 'specifying resource version is not allowed when using continue');
  return token;
}

/** The newest one where no other is asked for. */
function chooseRevision(
  { limit, revision = 0, match }: ListOptions,
  token: ContinueToken | undefined,
  newest: number,
): number {
  const asked = token === undefined ? revision : token.revision === 'newest' ? newest : token.revision;
  if (asked > newest) throw tooLargeVersion(asked, newest);
  // Without a match, pages are of exactly the version that is named.
  const isExact = token !== undefined || match === 'Exact' || (match === undefined && limit > 0);
  return isExact && asked > 0 ? asked : newest;
}

/** Names of cluster-scoped objects stand after an empty namespace. */
function collectionPrefix({ definition: { type }, namespace }: ListedCollection): string {
  const prefix = storePrefix(type, namespace);
  return type.namespaced ? prefix : `${prefix}/`;
}

interface Moment {
  readonly prefix: string;
  readonly revision: number;
  readonly token: ContinueToken | undefined;
}

const expired = 'The resourceVersion for the provided list is too old.';
const inconsistentContinue =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';

function listAt({ store }: ResourceStore, { prefix, revision, token }: Moment): readonly StoredObject[] {
  try {
    return store.listAt(prefix, revision);
  } catch (error) {
    if (!(error instanceof RevisionCompacted)) throw error;
    if (token === undefined) throw new StatusError('Expired', expired, { cause: error });
    const continueToken = formatContinue({ revision: 'newest', start: token.start });
    throw new StatusError('Expired', inconsistentContinue, { continueToken, cause: error });
  }
}

interface Taking {
  /** 0 for all. */
  readonly limit: number;
  readonly matcher: Matcher | undefined;
  readonly resources: ResourceStore;
}

/** `taken` counts those that were passed over too. */
function takePage(
  stored: readonly StoredObject[],
  { limit, matcher, resources }: Taking,
): { readonly stored: readonly StoredObject[]; readonly taken: number } {
  if (matcher === undefined) {
    const all = limit > 0 ? stored.slice(0, limit) : stored;
    return { stored: all, taken: all.length };
  }
  const selected: StoredObject[] = [];
  for (const [index, each] of stored.entries()) {
    if (matcher(resources.cache.parse(each))) selected.push(each);
    if (limit > 0 && selected.length === limit) return { stored: selected, taken: index + 1 };
  }
  return { stored: selected, taken: stored.length };
}
