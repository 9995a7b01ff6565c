import type { Application } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import { delay } from '@slipway/kube/clock';
import type { ServerContext } from '../http/context.ts';
import type { ApplicationKey, Written } from './write-application.ts';

const patienceMilliseconds = 3_000;

/** Uids of the Releases that an application has before a write. */
export type ReleasesBefore = ReadonlySet<string>;

export function rememberReleases({ namespace, name }: ApplicationKey, { view }: ServerContext): ReleasesBefore {
  const releases = view.releases.byIndex('application', `${namespace}/${name}`);
  return new Set(releases.map(({ metadata }) => metadata.uid ?? ''));
}

/**
 * The Release that a write began. The controller begins one within milliseconds, or says in a condition why not; undefined
 * where it does neither in time, and where nothing was asked that a release would bring.
 */
export async function awaitRelease(
  { application, generationBefore }: Written,
  before: ReleasesBefore,
  { view, clock }: ServerContext,
): Promise<Release | undefined> {
  const { namespace = '', name = '', generation } = application.metadata;
  if (generation === generationBefore) return undefined;
  const findNew = (): Release | undefined =>
    view.releases
      .byIndex('application', `${namespace}/${name}`)
      .find(({ metadata }) => !before.has(metadata.uid ?? ''));
  const over = new AbortController();
  const look = (): void => {
    if (findNew() !== undefined || isRefused(view.applications.get({ namespace, name }), application)) over.abort();
  };
  const stops = [view.applications.onChange(look), view.releases.onChange(look)];
  // It may have come before anybody listened.
  look();
  await delay(clock, patienceMilliseconds, over.signal).catch(() => undefined);
  for (const stop of stops) stop();
  return findNew();
}

function isRefused(current: Application | undefined, { metadata }: Application): boolean {
  return (current?.status?.conditions ?? []).some(
    ({ type, status, observedGeneration = 0 }) =>
      (type === 'Valid' || type === 'Synced') && status === 'False' && observedGeneration >= (metadata.generation ?? 0),
  );
}
