import Type from 'typebox';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { sampleSeconds, TrafficSchema, type TrafficSeries } from '../view/traffic-series.ts';
import { NamespacedName, ObjectParams, problems } from './schemas.ts';
import { notFound } from './write-application.ts';

const After = Type.Optional(
  Type.String({ format: 'date-time', description: 'The time of the last point that is known: only later ones.' }),
);
const AnswerSchema = Type.Object({
  sampleSeconds: Type.Integer({ description: 'The time between two points.' }),
  items: Type.Array(TrafficSchema),
});

const maximumKeys = 100;
const description =
  'By the counts of the gateways, in memory for ten minutes. They count for as long as somebody asks, so the first answer has no points yet.';

/** What each version is asked, and how it answers. */
export function addTrafficRoutes(
  app: App,
  { view, clock, namespace: served }: ServerContext,
  traffic: TrafficSeries,
): void {
  app.get(
    '/api/v1/namespaces/:namespace/applications/:name/traffic',
    {
      config: { access: { type: 'namespace', permission: 'view' } },
      schema: {
        tags: ['applications'],
        summary: 'Requests, errors and durations of each version, as a series of points',
        description,
        params: ObjectParams,
        querystring: Type.Object({ after: After }, { additionalProperties: false }),
        response: { 200: AnswerSchema, ...problems },
      },
    },
    async ({ params, query }) => {
      if (view.applications.get({ ...params }) === undefined) throw notFound(params);
      return { sampleSeconds, items: [await traffic.read(params, normalize(query.after))] };
    },
  );

  app.get(
    '/api/v1/traffic',
    {
      config: { access: { type: 'login' } },
      schema: {
        tags: ['applications'],
        summary:
          'The same of several applications; those that the caller may not see, or that are not there, are left out',
        description,
        querystring: Type.Object(
          { application: Type.Array(NamespacedName, { minItems: 1, maxItems: maximumKeys }), after: After },
          { additionalProperties: false },
        ),
        response: { 200: AnswerSchema, ...problems },
      },
    },
    async ({ principal, query }) => {
      const items = [];
      for (const key of new Set(query.application)) {
        const [namespace = '', name = ''] = key.split('/');
        if (served !== undefined && namespace !== served) continue;
        if (!(await principal.may('view', namespace))) continue;
        if (view.applications.get({ namespace, name }) === undefined) continue;
        items.push(await traffic.read({ namespace, name }, normalize(query.after)));
      }
      return { sampleSeconds, items };
    },
  );

  /** Points have times in UTC, which sort as text. */
  function normalize(time: string | undefined): string | undefined {
    return time === undefined ? undefined : new Date(Date.parse(time) || clock.now()).toISOString();
  }
}
