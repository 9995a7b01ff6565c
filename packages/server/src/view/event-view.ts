/** What the cluster has noted of an Application, its releases and its pods. */
import { applicationLabel } from '@slipway/delivery/api/version-labels';
import type { Event } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { events, replicaSets } from '@slipway/kube/resources';
import Type, { type Static } from 'typebox';
import { optional } from '../optional.ts';

export const EventSchema = Type.Object({
  type: Type.String({ description: '`Normal` or `Warning`.' }),
  reason: Type.String(),
  message: Type.String(),
  kind: Type.String({ description: 'Of the object that it is about.' }),
  name: Type.String(),
  count: Type.Integer(),
  firstAt: Type.Optional(Type.String({ format: 'date-time' })),
  lastAt: Type.Optional(Type.String({ format: 'date-time' })),
  source: Type.Optional(Type.String()),
});
type EventSummary = Static<typeof EventSchema>;

export interface EventsAbout {
  readonly namespace: string;
  readonly application: string;
  /** Names of its Releases. */
  readonly releases: ReadonlySet<string>;
}

const pageSize = 500;
/** A namespace may hold very many; those that are asked for are among the first of these, or are not shown. */
const maximumRead = 10_000;

/** Newest first. */
export async function listEvents(
  client: KubeClient,
  about: EventsAbout,
  limit: number,
): Promise<readonly EventSummary[]> {
  const { items: sets } = await client.list(replicaSets, {
    namespace: about.namespace,
    labelSelector: `${applicationLabel}=${about.application}`,
    metadataOnly: true,
  });
  const names = new Set(sets.map(({ metadata }) => metadata.name ?? ''));
  const found: Event[] = [];
  let [next, read]: [string | undefined, number] = [undefined, 0];
  do {
    const page: Awaited<ReturnType<typeof client.list<Event>>> = await client.list(events, {
      namespace: about.namespace,
      limit: pageSize,
      ...(next === undefined ? {} : { continue: next }),
    });
    found.push(...page.items.filter((event) => isAbout(event, about, names)));
    read += page.items.length;
    next = page.metadata.continue;
  } while (next !== undefined && next !== '' && read < maximumRead);
  // Of one object they are listed as they came, and a second has many.
  return found
    .toReversed()
    .map(summarize)
    .toSorted((one, other) => compareText(other.lastAt ?? '', one.lastAt ?? ''))
    .slice(0, limit);
}

/** A pod that is gone is known by the name of its ReplicaSet. */
function isAbout({ involvedObject }: Event, about: EventsAbout, sets: ReadonlySet<string>): boolean {
  const { kind, name = '' } = involvedObject;
  switch (kind) {
    case 'Application':
    case 'Split':
      return name === about.application;
    case 'Release':
      return about.releases.has(name);
    case 'ReplicaSet':
      return sets.has(name);
    case 'Pod':
      return sets.has(name.slice(0, name.lastIndexOf('-')));
    default:
      return false;
  }
}

function summarize(event: Event): EventSummary {
  const { involvedObject, series, metadata } = event;
  const firstAt = event.firstTimestamp ?? event.eventTime ?? metadata.creationTimestamp;
  return {
    type: event.type ?? 'Normal',
    reason: event.reason ?? '',
    message: event.message ?? '',
    kind: involvedObject.kind ?? '',
    name: involvedObject.name ?? '',
    count: series?.count ?? event.count ?? 1,
    ...optional('firstAt', firstAt),
    ...optional('lastAt', series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? firstAt),
    ...optional('source', event.source?.component ?? event.reportingComponent),
  };
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
