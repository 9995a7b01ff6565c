import type { Application } from '@slipway/delivery/api/application';
import Type, { type Static } from 'typebox';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { isKnown } from '../http/entity-tags.ts';
import { coveredNamespaces } from '../identity/principal.ts';
import { ApplicationSummarySchema, summarizeApplication } from '../view/application-summary.ts';
import { findPreview, PreviewSchema, type Preview } from '../view/preview.ts';
import { optional } from '../optional.ts';
import { answerOnceByMark, onceDescription } from './answer-once.ts';
import { awaitRelease, rememberReleases } from './await-release.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { decodeCursor, encodeCursor, pageOf, PageQuery } from './pages.ts';
import {
  CreatingHeaders,
  KubernetesSchema,
  NoBody,
  Name,
  NamespaceParams,
  ObjectParams,
  problems,
  ReadingHeaders,
} from './schemas.ts';
import { tryApplication } from './try-application.ts';
import {
  conditionOf,
  etagOf,
  notFound,
  removeApplication,
  writeApplication,
  type ApplicationKey,
  type Condition,
  type Wanted,
} from './write-application.ts';

const tags = ['applications'];

const ApplicationSchema = Type.Interface([ApplicationSummarySchema], {
  spec: KubernetesSchema,
  status: Type.Optional(KubernetesSchema),
  preview: Type.Optional(PreviewSchema),
});

const ListQuery = Type.Object(
  {
    ...PageQuery,
    namespace: Type.Optional(Name),
    phase: Type.Optional(Type.String({ maxLength: 50 })),
    search: Type.Optional(Type.String({ maxLength: 100, description: 'Part of a name or of a host.' })),
  },
  { additionalProperties: false },
);

const AcceptedSchema = Type.Object({
  namespace: Type.String(),
  name: Type.String(),
  generation: Type.Integer(),
  release: Type.Optional(
    Type.String({ description: 'Name of the Release that was begun; absent: none was, or not yet.' }),
  ),
  unread: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Of a dry run: the Secrets and ConfigMaps that the server may not read, such as Secret/database. Whether the version finds in them what it needs is not known.',
    }),
  ),
  untried: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Of a dry run: the kinds of objects that the version is made of and that the server may not try, such as ReplicaSet. What the cluster has against them is not known.',
    }),
  ),
});

type Accepted = Static<typeof AcceptedSchema>;

const WriteQuery = Type.Object(
  {
    dryRun: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Say what would be wrong, also to the controller that releases it, and change nothing.',
      }),
    ),
  },
  { additionalProperties: false },
);

export function addApplicationRoutes(app: App, context: ServerContext): void {
  addReadingRoutes(app, context);
  addChangingRoutes(app, context);
  addCreation(app, context);
}

function addReadingRoutes(app: App, context: ServerContext): void {
  const { view } = context;

  app.get(
    '/api/v1/applications',
    {
      config: { access: { type: 'login' } },
      schema: {
        tags,
        summary: 'Applications of all namespaces that the caller may see, by namespace and name',
        querystring: ListQuery,
        response: { 200: pageOf(ApplicationSummarySchema), ...problems },
      },
    },
    async ({ principal, query }) => {
      const all = view.applications.list(query.namespace);
      const seen = new Set(await coveredNamespaces(principal, 'view', new Set(all.map(namespaceOf))));
      const after = decodeCursor(query.cursor, 1)?.[0] ?? '';
      const wanted = all
        .filter((application) => seen.has(namespaceOf(application)) && matches(application, query))
        .map((application) => ({ application, key: keyOf(application) }))
        .filter(({ key }) => key > after)
        .toSorted((one, other) => (one.key < other.key ? -1 : 1));
      const page = wanted.slice(0, query.limit ?? 100);
      const last = page.at(-1);
      return {
        items: page.map(({ application }) => summarize(application, context)),
        ...(last === undefined || page.length === wanted.length ? {} : { next: encodeCursor([last.key]) }),
      };
    },
  );

  app.get(
    '/api/v1/namespaces/:namespace/applications/:name',
    {
      config: { access: { type: 'namespace', permission: 'view' } },
      schema: {
        tags,
        summary: 'One application, with its spec and status',
        params: ObjectParams,
        headers: ReadingHeaders,
        response: { 200: ApplicationSchema, 304: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      const application = find(request.params, context);
      const etag = etagOf(application);
      reply.header('etag', etag);
      if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send(null);
      const { spec, status } = application;
      return reply.code(200).send({
        ...summarize(application, context),
        spec: { ...spec },
        ...(status === undefined ? {} : { status: { ...status } }),
        ...optional('preview', previewOf(application, context)),
      });
    },
  );
}

function addChangingRoutes(app: App, context: ServerContext): void {
  app.put(
    '/api/v1/namespaces/:namespace/applications/:name',
    {
      config: { access: { type: 'namespace', permission: 'operate' } },
      schema: {
        tags,
        summary: 'Create an application or say what it should be; a release begins where that asks for one',
        description:
          'With `If-Match` only the state that it names is replaced, with `If-None-Match: *` nothing that exists is, and with a tag there nothing that has it.',
        params: ObjectParams,
        headers: CreatingHeaders,
        querystring: WriteQuery,
        body: Type.Object({ spec: KubernetesSchema }, { additionalProperties: false }),
        response: { 200: AcceptedSchema, 202: AcceptedSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request;
      const dryRun = request.query.dryRun === true;
      const by = request.principal.name;
      const accepted = await change({ ...params, ...body }, conditionOf(headers), { dryRun, by, context });
      if (dryRun) return reply.code(200).send(accepted);
      return reply.code(202).header('location', locationOf(accepted)).send(accepted);
    },
  );

  app.delete(
    '/api/v1/namespaces/:namespace/applications/:name',
    {
      config: { access: { type: 'namespace', permission: 'admin' } },
      schema: {
        tags,
        summary: 'Remove an application: its route first, then its pods',
        params: ObjectParams,
        headers: CreatingHeaders,
        response: { 202: NoBody, ...problems },
      },
    },
    async (request, reply) => {
      await removeApplication(request.params, conditionOf(request.headers), context.client);
      return reply.code(202).send(undefined);
    },
  );
}

function addCreation(app: App, context: ServerContext): void {
  app.post(
    '/api/v1/namespaces/:namespace/applications',
    {
      config: { access: { type: 'namespace', permission: 'operate' } },
      schema: {
        tags,
        summary: 'Create an application, and release its first version',
        description: onceDescription,
        headers: IdempotencyHeaders,
        params: NamespaceParams,
        querystring: WriteQuery,
        body: Type.Object({ name: Name, spec: KubernetesSchema }, { additionalProperties: false }),
        response: { 200: AcceptedSchema, 202: AcceptedSchema, ...problems },
      },
    },
    async (request, reply) => {
      const wanted = { ...request.params, ...request.body };
      const means = { dryRun: request.query.dryRun === true, by: request.principal.name, context };
      const condition = { type: 'new', refusal: 409 } as const;
      if (means.dryRun) return reply.code(200).send(await change(wanted, condition, means));
      return await answerOnceByMark({ request, reply }, context, {
        create: (mark) => change(wanted, { ...condition, ...optional('mark', mark) }, means),
        answer: (accepted) => {
          const location = locationOf({ namespace: accepted.namespace, name: accepted.name });
          return { status: 202, location, body: accepted };
        },
      });
    },
  );
}

interface Change {
  readonly dryRun: boolean;
  readonly by: string;
  readonly context: ServerContext;
}

async function change(wanted: Wanted, condition: Condition, { dryRun, by, context }: Change): Promise<Accepted> {
  const { namespace, name } = wanted;
  if (dryRun) {
    const { application, unread, untried } = await tryApplication(wanted, condition, context);
    const { generation = 0 } = application.metadata;
    const unknown = { ...optional('unread', someOf(unread)), ...optional('untried', someOf(untried)) };
    return { namespace, name, generation, ...unknown };
  }
  const before = rememberReleases(wanted, context);
  const written = await writeApplication(wanted, condition, { client: context.client, dryRun, requestedBy: by });
  const known = written.wasThere ? new Set<string>() : before;
  const release = await awaitRelease(written, known, context);
  const { generation = 0 } = written.application.metadata;
  return { namespace, name, generation, ...optional('release', release?.metadata.name) };
}

function someOf(names: readonly string[]): string[] | undefined {
  return names.length === 0 ? undefined : [...names];
}

/** Of the Release that was begun, or of the Application. */
function locationOf({ namespace, name, release }: Omit<Accepted, 'generation'>): string {
  const base = `/api/v1/namespaces/${namespace}`;
  return release === undefined ? `${base}/applications/${name}` : `${base}/releases/${release}`;
}

function find(key: ApplicationKey, { view }: ServerContext): Application {
  const application = view.applications.get({ namespace: key.namespace, name: key.name });
  if (application === undefined) throw notFound(key);
  return application;
}

function previewOf(application: Application, { view, gatewayPorts: ports }: ServerContext): Preview | undefined {
  const releases = view.releases.byIndex('application', keyOf(application));
  const { namespace = '', name = '' } = application.metadata;
  return findPreview({ split: view.splits.get({ namespace, name }), releases, ports });
}

function summarize(application: Application, { view }: ServerContext) {
  return summarizeApplication(application, view.releases.byIndex('application', keyOf(application)));
}

function matches(application: Application, query: { readonly phase?: string; readonly search?: string }): boolean {
  const { metadata, spec, status } = application;
  if (query.phase !== undefined && (status?.phase ?? 'Pending') !== query.phase) return false;
  const search = query.search?.toLowerCase() ?? '';
  return [metadata.name ?? '', ...(spec.route?.hosts ?? [])].some((text) => text.toLowerCase().includes(search));
}

function namespaceOf({ metadata }: Application): string {
  return metadata.namespace ?? '';
}

function keyOf(application: Application): string {
  return `${namespaceOf(application)}/${application.metadata.name ?? ''}`;
}
