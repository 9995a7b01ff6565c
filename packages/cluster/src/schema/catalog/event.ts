/** Events as core/v1 has them, in which they are stored, and as events.k8s.io/v1. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
import type { Event, EventsV1Event } from '@slipway/kube/api.generated';
import type { ResourceType } from '@slipway/kube/object';
import { isSameJson } from '@slipway/kube/json-equality';
import { events } from '@slipway/kube/resources';
import { age } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { invalid, required } from '../faults.ts';
import { pathSegment, qualifiedKey } from '../names.ts';

export const event = define<Event>({
  type: events,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.core.v1.Event',
  shortNames: ['ev'],
  nameRule: pathSegment,
  bareColumns: true,
  columns: [
    {
      name: 'Last Seen',
      cell: (object, now) => age(object.lastTimestamp ?? object.eventTime ?? object.metadata.creationTimestamp, now),
    },
    { name: 'Type', cell: ({ type }) => type ?? '' },
    { name: 'Reason', cell: ({ reason }) => reason ?? '' },
    {
      name: 'Object',
      cell: ({ involvedObject }) => `${(involvedObject?.kind ?? '').toLowerCase()}/${involvedObject?.name ?? ''}`,
    },
    { name: 'Subobject', wide: true, cell: ({ involvedObject }) => involvedObject?.fieldPath ?? '' },
    { name: 'Source', wide: true, cell: ({ source }) => [source?.component, source?.host].filter(Boolean).join(', ') },
    { name: 'Message', cell: ({ message }) => (message ?? '').trim() },
    {
      name: 'First Seen',
      wide: true,
      cell: (object, now) => age(object.firstTimestamp ?? object.eventTime ?? object.metadata.creationTimestamp, now),
    },
    { name: 'Count', wide: true, cell: ({ count }) => String(count ?? 1) },
    { name: 'Name', wide: true, cell: ({ metadata }) => metadata.name ?? '' },
  ],
  selectableFields: {
    'involvedObject.kind': (object) => object.involvedObject?.kind ?? '',
    'involvedObject.namespace': (object) => object.involvedObject?.namespace ?? '',
    'involvedObject.name': (object) => object.involvedObject?.name ?? '',
    'involvedObject.uid': (object) => object.involvedObject?.uid ?? '',
    'involvedObject.apiVersion': (object) => object.involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': (object) => object.involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': (object) => object.involvedObject?.fieldPath ?? '',
    reason: (object) => object.reason ?? '',
    reportingComponent: (object) => object.reportingComponent ?? '',
    source: (object) => object.source?.component ?? '',
    type: (object) => object.type ?? '',
  },
  validate: validateEvent,
});

export const eventV1 = define<EventsV1Event>({
  type: { ...events, group: 'events.k8s.io' } as ResourceType<EventsV1Event>,
  schemaType: 'io.k8s.api.events.v1.Event',
  shortNames: ['ev'],
  nameRule: pathSegment,
  conversion: {
    stored: events,
    toStored: toCore,
    fromStored: fromCore,
    validate: validateNew,
    validateUpdate: validateChanged,
    storedField: (field) =>
      field.replace(/^regarding\./, 'involvedObject.').replace(/^reportingController$/, 'reportingComponent'),
  },
});

function toCore(object: EventsV1Event): Event {
  const { metadata, eventTime, series, action, reason, related, type, reportingInstance } = object;
  const { regarding, note, reportingController } = object;
  const { deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount } = object;
  return without({
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject: regarding ?? {},
    reason,
    message: note,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    type,
    eventTime,
    series,
    action,
    related,
    reportingComponent: reportingController,
    reportingInstance,
  });
}

function fromCore(object: Event): EventsV1Event {
  const { metadata, eventTime, series, action, reason, related, type, reportingInstance } = object;
  const { involvedObject, message, reportingComponent, source, firstTimestamp, lastTimestamp, count } = object;
  return without<EventsV1Event>({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
    eventTime,
    series: series as EventsV1Event['series'],
    reportingController: reportingComponent,
    reportingInstance,
    action,
    reason,
    regarding: involvedObject,
    related,
    note: message,
    type,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  });
}

/** Without the fields that nobody gave. */
function without<T extends object>(object: { readonly [Field in keyof T]: T[Field] | undefined | null }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null)) as T;
}

/** Events of before have no `eventTime`, and are held to less. */
function validateEvent(event: Event): readonly Fault[] {
  const { eventTime, metadata, involvedObject } = event;
  const { namespace = '' } = metadata;
  const of = involvedObject?.namespace ?? '';
  const isNew = isGiven(eventTime);
  const clusterWide = isNew ? ['default', 'kube-system'] : ['default', ''];
  const isWrong = of === '' ? !clusterWide.includes(namespace) : !isNew && of !== namespace;
  return [
    ...(isWrong ? [invalid('involvedObject.namespace', of, 'does not match event.namespace')] : []),
    ...(isNew ? validateReport(event) : []),
  ];
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

const maximumLength = 128;
const maximumNoteLength = 1_024;

function validateReport(event: Event): readonly Fault[] {
  const { reportingComponent: controller = '', reportingInstance, action, reason, message = '' } = event;
  return [
    ...(controller === '' ? [required('reportingController')] : []),
    ...qualifiedKey(controller).map((fault) => invalid('reportingController', controller, fault)),
    ...Object.entries({ reportingInstance, action, reason }).flatMap(([field, text = '']) =>
      text === '' ? [required(field)] : atMost(text, maximumLength, field),
    ),
    ...atMost(message, maximumNoteLength, 'message'),
  ];
}

function atMost(text: string, length: number, field: string): readonly Fault[] {
  return Buffer.byteLength(text) > length ? [invalid(field, '', `can have at most ${length} characters`)] : [];
}

/** What is created by the newer version. It names fields as they are stored, as Kubernetes does. */
function validateNew(object: EventsV1Event): readonly Fault[] {
  const event = toCore(object);
  const { type = '', eventTime, source } = event;
  const unset = (['firstTimestamp', 'lastTimestamp', 'count'] as const).filter((field) => isGiven(event[field]));
  const isOfSource = isGiven(source?.component) || isGiven(source?.host);
  return [
    ...validateEvent(event),
    ...validateSeries(event),
    ...(isGiven(eventTime) ? [] : [required('eventTime')]),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...[...unset, ...(isOfSource ? ['source'] : [])].map((field) => invalid(field, '', 'needs to be unset')),
  ];
}

function validateSeries({ series }: Event): readonly Fault[] {
  if (series === undefined) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(isGiven(series.lastObservedTime) ? [] : [required('series.lastObservedTime')]),
  ];
}

const unchangeable = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

/** What is changed by the newer version: it counts on, and what happened stays what it was. */
function validateChanged(object: EventsV1Event, seen: EventsV1Event): readonly Fault[] {
  const [event, old] = [toCore(object), toCore(seen)];
  return [
    ...(isSameJson(event.series, old.series) ? [] : validateSeries(event)),
    ...unchangeable
      .filter((field) => !isSameValue(event[field], old[field]))
      .map((field) => invalid(nameInFault(field), event[field], 'field is immutable')),
  ];
}

function nameInFault(field: (typeof unchangeable)[number]): string {
  return field === 'reportingComponent' ? 'reportingController' : field;
}

/** Nothing is the same as what is empty. */
function isSameValue(a: unknown, b: unknown): boolean {
  return isSameJson(isEmpty(a) ? null : a, isEmpty(b) ? null : b);
}

function isEmpty(value: unknown): boolean {
  return !isGiven(value) || value === 0 || (typeof value === 'object' && isSameJson(value, {}));
}
