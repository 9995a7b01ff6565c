import Type from 'typebox';
import { compareVersions } from '../history/compare-versions.ts';
import { listRecords } from '../history/read-history.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { ChangeSchema } from '../view/differences.ts';
import { EventSchema, listEvents } from '../view/event-view.ts';
import { PodSummarySchema, summarizePod } from '../view/pod-summary.ts';
import { ObjectParams, problems, Version } from './schemas.ts';
import { notFound, type ApplicationKey } from './write-application.ts';

const tags = ['applications'];
const access = { type: 'namespace', permission: 'view' } as const;

/** What belongs to one application: its pods, what the cluster noted of it, what its versions differ in. */
export function addApplicationPartsRoutes(app: App, context: ServerContext): void {
  addPods(app, context);
  addEvents(app, context);
  addDifference(app, context);
}

function addPods(app: App, { view }: ServerContext): void {
  app.get(
    '/api/v1/namespaces/:namespace/applications/:name/pods',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Its pods, of all versions, by name',
        params: ObjectParams,
        response: { 200: Type.Object({ items: Type.Array(PodSummarySchema) }), ...problems },
      },
    },
    async ({ params: { namespace, name } }) => {
      const found = view.pods.byIndex('application', `${namespace}/${name}`);
      if (found.length === 0 && view.applications.get({ namespace, name }) === undefined)
        throw notFound({ namespace, name });
      return {
        items: found.map(summarizePod).toSorted((one, other) => (one.name < other.name ? -1 : 1)),
      };
    },
  );
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

async function findVersion({ namespace, name }: ApplicationKey, version: string, { database }: ServerContext) {
  const [record] = await listRecords(database, { namespaces: [namespace], application: name, version }, { limit: 1 });
  if (record !== undefined) return record;
  throw new Problem(404, `no release of version ${version} of ${name} in namespace ${namespace} is known`);
}
