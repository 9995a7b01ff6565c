import type { Release } from '@slipway/delivery/api/release';
import Type from 'typebox';
import { compareVersions } from '../history/compare-versions.ts';
import { describeUnwritten } from '../history/find-release.ts';
import { listRecords, listVersions, type ReleaseRecord } from '../history/read-history.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';
import { summarizeApplication } from '../view/application-summary.ts';
import { ChangeSchema } from '../view/differences.ts';
import { EventSchema, listEvents } from '../view/event-view.ts';
import { ListedPodSchema, listPods, PodCountsSchema, podStates, type PodPlace } from '../view/pod-list.ts';
import { decodeCursor, encodeCursor, pageOf, PageQuery } from './pages.ts';
import { ObjectParams, problems, Version } from './schemas.ts';
import { notFound, type ApplicationKey } from './write-application.ts';

const tags = ['applications'];
const access = { type: 'namespace', permission: 'view' } as const;

const maximumVersions = 5_000;

const PodsQuery = Type.Object(
  {
    ...PageQuery,
    state: Type.Optional(Type.Enum([...podStates])),
    search: Type.Optional(Type.String({ maxLength: 100, description: 'Part of a name, or of that of a node.' })),
  },
  { additionalProperties: false },
);

const PodsSchema = Type.Interface([pageOf(ListedPodSchema)], {
  total: Type.Integer({ description: 'That are meant, on whichever page.' }),
  versions: Type.Array(PodCountsSchema, { description: 'How many there are of each version, without those of hooks.' }),
});

/** What belongs to one application: its pods, what the cluster noted of it, what its versions differ in. */
export function addApplicationPartsRoutes(app: App, context: ServerContext): void {
  addPods(app, context);
  addEvents(app, context);
  addVersions(app, context);
  addDifference(app, context);
}

function addPods(app: App, { view }: ServerContext): void {
  app.get(
    '/api/v1/namespaces/:namespace/applications/:name/pods',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Its pods, of all versions: those that are not well first, then by name',
        params: ObjectParams,
        querystring: PodsQuery,
        response: { 200: PodsSchema, ...problems },
      },
    },
    async ({ params: { namespace, name }, query: { limit = 100, cursor, state, search } }) => {
      const found = view.pods.byIndex('application', `${namespace}/${name}`);
      const application = view.applications.get({ namespace, name });
      if (found.length === 0 && application === undefined) throw notFound({ namespace, name });
      const split = application && summarizeApplication(application, releasesOf(view, { namespace, name })).split;
      const list = listPods(found, split ?? {}, { limit, after: readPlace(cursor), state, search });
      return {
        items: [...list.items],
        total: list.total,
        versions: [...list.versions],
        ...optional('next', list.next && encodeCursor([String(list.next.rank), list.next.name])),
      };
    },
  );
}

function releasesOf(view: ServerContext['view'], { namespace, name }: ApplicationKey): readonly Release[] {
  return view.releases.byIndex('application', `${namespace}/${name}`);
}

function readPlace(cursor: string | undefined): PodPlace | undefined {
  const [rank, name] = decodeCursor(cursor, 2) ?? [];
  return rank === undefined || name === undefined ? undefined : { rank: Number(rank), name };
}

function addEvents(app: App, { view, client }: ServerContext): void {
  app.get(
    '/api/v1/namespaces/:namespace/applications/:name/events',
    {
      config: { access },
      schema: {
        tags,
        summary: 'What the cluster noted of it, its releases and its pods, newest first',
        params: ObjectParams,
        querystring: Type.Object(
          { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ items: Type.Array(EventSchema) }), ...problems },
      },
    },
    async ({ params: { namespace, name }, query }) => {
      if (view.applications.get({ namespace, name }) === undefined) throw notFound({ namespace, name });
      const releases = view.releases.byIndex('application', `${namespace}/${name}`);
      const names = new Set(releases.map(({ metadata }) => metadata.name ?? ''));
      const found = await listEvents(client, { namespace, application: name, releases: names }, query.limit ?? 100);
      return { items: [...found] };
    },
  );
}

function addVersions(app: App, { database }: ServerContext): void {
  app.get(
    '/api/v1/namespaces/:namespace/applications/:name/versions',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Every version of it that history knows, newest first: any two can be compared',
        params: ObjectParams,
        response: {
          200: Type.Object({
            items: Type.Array(Type.String(), { maxItems: maximumVersions, description: 'The newest 5,000.' }),
          }),
          ...problems,
        },
      },
    },
    async ({ params: { namespace, name } }) => ({
      items: [...(await listVersions(database, { namespace, application: name, limit: maximumVersions }))],
    }),
  );
}

function addDifference(app: App, context: ServerContext): void {
  app.get(
    '/api/v1/namespaces/:namespace/applications/:name/difference',
    {
      config: { access },
      schema: {
        tags,
        summary: 'What two of its versions differ in: what was asked for, and their configuration',
        description:
          'Of both versions the newest release counts. What is secret is named and never shown; the configuration of a version that the cluster has forgotten is among `unknown`.',
        params: ObjectParams,
        querystring: Type.Object({ from: Version, to: Version }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            from: Type.String({ description: 'Name of the Release.' }),
            to: Type.String(),
            changes: Type.Array(ChangeSchema),
            unknown: Type.Array(Type.String(), { description: 'Configuration that is gone, or may not be read.' }),
          }),
          ...problems,
        },
      },
    },
    async ({ params, query }) => {
      const [before, after] = await Promise.all([
        findVersion(params, query.from, context),
        findVersion(params, query.to, context),
      ]);
      const { changes, unknown } = await compareVersions(before.release, after.release, context.client);
      return { from: before.name, to: after.name, changes: [...changes], unknown: [...unknown] };
    },
  );
}

async function findVersion(
  { namespace, name }: ApplicationKey,
  version: string,
  { database, view }: ServerContext,
): Promise<ReleaseRecord> {
  const [record] = await listRecords(database, { namespaces: [namespace], application: name, version }, { limit: 1 });
  if (record !== undefined) return record;
  // Too new to be written down.
  const seen = releasesOf(view, { namespace, name }).find(({ spec }) => spec.version === version);
  if (seen !== undefined) return describeUnwritten(seen);
  throw new Problem(404, `no release of version ${version} of ${name} in namespace ${namespace} is known`);
}
