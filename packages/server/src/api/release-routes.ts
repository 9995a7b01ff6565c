import { releasePhases } from '@slipway/delivery/api/release';
import Type from 'typebox';
import { findRelease } from '../history/find-release.ts';
import { listRecords, readCommands, readLog, readMeasurements, type ReleaseRecord } from '../history/read-history.ts';
import { logKinds } from '../history/release-facts.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { isKnown } from '../http/entity-tags.ts';
import { Problem } from '../http/problem.ts';
import { coveredNamespaces, type Principal } from '../identity/principal.ts';
import { optional } from '../optional.ts';
import { decodeCursor, encodeCursor, pageOf, PageQuery } from './pages.ts';
import { KubernetesSchema, maximumInteger, Name, ObjectParams, problems, Version, ReadingHeaders } from './schemas.ts';

const tags = ['releases'];
const access = { type: 'namespace', permission: 'view' } as const;
const Time = Type.String({ format: 'date-time' });

const SummarySchema = Type.Object({
  uid: Type.String(),
  namespace: Type.String(),
  name: Type.String(),
  application: Type.String(),
  version: Type.String(),
  phase: Type.String(),
  createdAt: Time,
  startedAt: Type.Optional(Type.String({ format: 'date-time', description: 'When its last attempt began.' })),
  finishedAt: Type.Optional(Time),
  deletedAt: Type.Optional(Type.String({ format: 'date-time', description: 'When it went from the cluster.' })),
  servedUntil: Type.Optional(
    Type.String({ format: 'date-time', description: 'When another version became the stable one in its place.' }),
  ),
  requestedBy: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String({ description: 'Why it ended as it did.' })),
  strategy: Type.String(),
  logLength: Type.Integer({ description: 'Lines of its log.' }),
});

const ReleaseSchema = Type.Interface([SummarySchema], {
  spec: KubernetesSchema,
  status: Type.Optional(KubernetesSchema),
});

const LogLineSchema = Type.Object({
  number: Type.Integer(),
  at: Time,
  kind: Type.Enum([...logKinds]),
  text: Type.String(),
});

const HealthSchema = Type.Object({
  pod: Type.String(),
  uid: Type.String(),
  outcome: Type.String(),
  code: Type.Optional(Type.Integer({ description: 'HTTP status; absent when the pod could not be asked.' })),
  answer: Type.String({ description: 'Its first KiB, or why there was none.' }),
  at: Time,
});

const ListQuery = Type.Object(
  {
    ...PageQuery,
    namespace: Type.Optional(Name),
    application: Type.Optional(Name),
    version: Type.Optional(Version),
    phase: Type.Optional(Type.Enum([...releasePhases])),
  },
  { additionalProperties: false },
);

const maximumLogLines = 1_000;

/** Releases from the server's own history: those that the cluster has forgotten too. */
export function addReleaseRoutes(app: App, context: ServerContext): void {
  addReading(app, context);
  addPartsOfOne(app, context);
  addHealth(app, context);
}

function addReading(app: App, context: ServerContext): void {
  const { database } = context;

  app.get(
    '/api/v1/releases',
    {
      config: { access: { type: 'login' } },
      schema: {
        tags,
        summary: 'Releases of all namespaces that the caller may see, newest first',
        querystring: ListQuery,
        response: { 200: pageOf(SummarySchema), ...problems },
      },
    },
    async ({ principal, query }) => {
      const [createdAt, uid] = decodeCursor(query.cursor, 2) ?? [];
      const after = createdAt === undefined || uid === undefined ? undefined : { createdAt, uid };
      const limit = query.limit ?? 100;
      const { application, version, phase } = query;
      const namespaces = await namespacesToShow(principal, query.namespace, context);
      const selection = { namespaces, application, version, phase };
      const records = await listRecords(database, selection, { limit: limit + 1, after });
      const page = records.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(summarize),
        ...(last === undefined || records.length <= limit ? {} : { next: encodeCursor([last.createdAt, last.uid]) }),
      };
    },
  );

  app.get(
    '/api/v1/namespaces/:namespace/releases/:name',
    {
      config: { access },
      schema: {
        tags,
        summary: 'One release',
        params: ObjectParams,
        headers: ReadingHeaders,
        response: { 200: ReleaseSchema, 304: Type.Null(), ...problems },
      },
    },
    async ({ params, headers }, reply) => {
      const record = await find(params, context);
      const { spec, status } = record.release;
      const etag = etagOf(record);
      reply.header('etag', etag);
      if (isKnown(headers['if-none-match'], etag)) return reply.code(304).send(null);
      const answer = { ...summarize(record), spec: { ...spec }, ...optional('status', status && { ...status }) };
      return reply.code(200).send(answer);
    },
  );
}

function addPartsOfOne(app: App, context: ServerContext): void {
  const { database } = context;

  app.get(
    '/api/v1/namespaces/:namespace/releases/:name/log',
    {
      config: { access },
      schema: {
        tags,
        summary: 'The log of a release, from any line on',
        params: ObjectParams,
        querystring: Type.Object(
          {
            after: Type.Optional(
              Type.Integer({
                minimum: 0,
                maximum: maximumInteger,
                default: 0,
                description: 'The number of the last line that is known.',
              }),
            ),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maximumLogLines, default: maximumLogLines })),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ items: Type.Array(LogLineSchema), length: Type.Integer() }), ...problems },
      },
    },
    async ({ params, query }) => {
      const { uid, logLength } = await find(params, context);
      const range = { after: query.after ?? 0, limit: query.limit ?? maximumLogLines };
      return { items: [...(await readLog(database, uid, range))], length: logLength };
    },
  );

  app.get(
    '/api/v1/namespaces/:namespace/releases/:name/measurements',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Every measurement of its checks, oldest first',
        params: ObjectParams,
        response: { 200: Type.Object({ items: Type.Array(KubernetesSchema) }), ...problems },
      },
    },
    async ({ params }) => {
      const { uid } = await find(params, context);
      return { items: (await readMeasurements(database, uid)).map((measurement) => ({ ...measurement })) };
    },
  );

  app.get(
    '/api/v1/namespaces/:namespace/releases/:name/commands',
    {
      config: { access },
      schema: {
        tags,
        summary: 'What people asked of it, and what became of that',
        params: ObjectParams,
        response: { 200: Type.Object({ items: Type.Array(KubernetesSchema) }), ...problems },
      },
    },
    async ({ params }) => {
      const { uid } = await find(params, context);
      return { items: (await readCommands(database, uid)).map((command) => ({ ...command })) };
    },
  );
}

function addHealth(app: App, context: ServerContext): void {
  app.get(
    '/api/v1/namespaces/:namespace/releases/:name/health',
    {
      config: { access },
      schema: {
        tags,
        summary: 'What each of its pods answered last when it was asked whether it is healthy, failures first',
        params: ObjectParams,
        response: { 200: Type.Object({ items: Type.Array(HealthSchema) }), ...problems },
      },
    },
    async ({ params }) => {
      const { release } = await find(params, context);
      return {
        items: (release.status?.health ?? []).map(({ code, ...each }) => ({ ...each, ...optional('code', code) })),
      };
    },
  );
}

/** Undefined: all of them. */
async function namespacesToShow(
  principal: Principal,
  asked: string | undefined,
  { database, namespace: served }: ServerContext,
): Promise<readonly string[] | undefined> {
  if (served !== undefined && asked !== undefined && asked !== served) return [];
  if (served !== undefined) return coveredNamespaces(principal, 'view', [served]);
  if (asked !== undefined) return coveredNamespaces(principal, 'view', [asked]);
  if (await principal.may('view')) return undefined;
  const rows = await database.query('SELECT DISTINCT namespace FROM releases');
  return coveredNamespaces(
    principal,
    'view',
    rows.map(({ namespace }) => String(namespace)),
  );
}

async function find(
  key: { readonly namespace: string; readonly name: string },
  context: ServerContext,
): Promise<ReleaseRecord> {
  const record = await findRelease(context, key);
  if (record === undefined) throw new Problem(404, `there is no release ${key.name} in namespace ${key.namespace}`);
  return record;
}

/** Its lines too: it is told of before they are written, and the same afterwards. */
function etagOf({ uid, release, logLength, deletedAt }: ReleaseRecord): string {
  const gone = deletedAt === undefined ? '' : '-gone';
  return `"${uid}-${release.metadata.resourceVersion ?? ''}-${logLength}${gone}"`;
}

function summarize(record: ReleaseRecord) {
  const { release, finishedAt, deletedAt, requestedBy, ...always } = record;
  const { uid, namespace, name, application, version, phase, createdAt, logLength } = always;
  return {
    uid,
    namespace,
    name,
    application,
    version,
    phase,
    createdAt,
    logLength,
    strategy: release.spec.strategy.type,
    ...optional('startedAt', release.status?.startedAt),
    ...optional('finishedAt', finishedAt),
    ...optional('deletedAt', deletedAt),
    ...optional('servedUntil', release.status?.servedUntil),
    ...optional('requestedBy', requestedBy),
    ...optional('reason', release.status?.ending?.reason),
  };
}
