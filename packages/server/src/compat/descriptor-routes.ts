import type { ApplicationSpec } from '@slipway/delivery/api/application';
import Type from 'typebox';
import { KubernetesSchema, Name, Nothing, problems } from '../api/schemas.ts';
import { writeApplication, type ApplicationKey } from '../api/write-application.ts';
import { requireInNamespace } from '../http/access.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { findProblem, Problem, type FieldFault } from '../http/problem.ts';
import { optional } from '../optional.ts';
import { applicationOf, faultOfDescriptor } from './application-of.ts';
import { DescriptorSchema, findDescriptorFaults, hiddenValue, unknownFieldsOf, type Descriptor } from './descriptor.ts';
import {
  findDescriptor,
  listDescriptors,
  putDescriptor,
  removeDescriptor,
  type DescriptorKey,
  type DescriptorRecord,
} from './descriptor-store.ts';
import { keepEnvironment, sweepEnvironments } from './environment.ts';

const tags = ['amdatu'];
const view = { access: { type: 'namespace', permission: 'view', from: 'query' } } as const;
const operate = { access: { type: 'namespace', permission: 'operate', from: 'query' } } as const;
const NamespaceQuery = Type.Object({ namespace: Name });
export const IdParams = Type.Object({ id: Type.String({ maxLength: 100, pattern: '^[\\w-]+$' }) });
const idBytes = 12;

/** Descriptors, as the API of the Amdatu deployer has them. `prefix` is before each path. */
export function addDescriptorRoutes(app: App, prefix: string, context: ServerContext): void {
  const path = `${prefix}/descriptors`;
  addReading(app, path, context);
  addWriting(app, path, context);
  addValidation(app, path, context);
  addRemoving(app, path, context);
}

function addReading(app: App, path: string, { database }: ServerContext): void {
  app.get(
    `${path}/`,
    {
      config: view,
      schema: {
        tags,
        summary: 'Descriptors of a namespace, or of one application in it, newest first',
        querystring: Type.Object({ namespace: Name, appname: Type.Optional(Type.String({ maxLength: 63 })) }),
        response: { 200: Type.Array(KubernetesSchema), ...problems },
      },
    },
    async ({ query }) => {
      const selection = { namespace: query.namespace, appName: query.appname };
      return (await listDescriptors(database, selection)).map(presentDescriptor);
    },
  );

  app.get(
    `${path}/:id/`,
    {
      config: view,
      schema: {
        tags,
        summary: 'One descriptor',
        params: IdParams,
        querystring: NamespaceQuery,
        response: { 200: KubernetesSchema, ...problems },
      },
    },
    async ({ params, query }) => presentDescriptor(await requireDescriptor(keyOf(params, query), database)),
  );
}

function addWriting(app: App, path: string, server: ServerContext): void {
  const { database, random } = server;

  app.post(
    `${path}/`,
    {
      config: operate,
      schema: {
        tags,
        summary: 'Keep a new descriptor; nothing is deployed by that',
        querystring: NamespaceQuery,
        body: DescriptorSchema,
        response: { 201: Nothing, ...problems },
      },
    },
    async ({ body, query: { namespace } }, reply) => {
      await requireValid(body, namespace, server);
      const now = timeOf(server);
      const environmentSecret = await keepEnvironment(server, { namespace, descriptor: body });
      const id = random(idBytes);
      await putDescriptor(
        database,
        recordOf(body, { id, namespace, created: now, lastModified: now, environmentSecret }),
      );
      const location = `${path}/${id}/?namespace=${encodeURIComponent(namespace)}`;
      return reply.code(201).header('location', location).send(undefined);
    },
  );

  app.put(
    `${path}/:id/`,
    {
      config: operate,
      schema: {
        tags,
        summary: 'Replace a descriptor; nothing is deployed by that',
        params: IdParams,
        querystring: NamespaceQuery,
        body: DescriptorSchema,
        response: { 204: Nothing, ...problems },
      },
    },
    async ({ body, params, query }, reply) => {
      const { namespace } = query;
      const before = await requireDescriptor(keyOf(params, query), database);
      // Who sends back what he read sends the id with it.
      const { id = params.id, ...descriptor } = body as Descriptor & { readonly id?: unknown };
      if (id !== params.id)
        throw new Problem(400, `the body is about descriptor ${String(id)}, the path about ${params.id}`);
      await requireValid(descriptor, namespace, server);
      const asked = { namespace, descriptor, before: before.environmentSecret };
      const environmentSecret = await keepEnvironment(server, asked);
      await putDescriptor(
        database,
        recordOf(descriptor, { ...before, lastModified: timeOf(server), environmentSecret }),
      );
      await sweepEnvironments(server, namespace);
      return reply.code(204).send();
    },
  );
}

function addValidation(app: App, path: string, server: ServerContext): void {
  app.post(
    `${path}/validate`,
    {
      config: { access: { type: 'login' } },
      schema: {
        tags,
        summary: 'Say all that is wrong with a descriptor, and keep nothing',
        description: 'In the namespace of the query, or else in that of the descriptor.',
        querystring: Type.Object({ namespace: Type.Optional(Name) }),
        body: DescriptorSchema,
        response: { 204: Nothing, ...problems },
      },
    },
    async ({ body, query, principal }, reply) => {
      const namespace = query.namespace ?? body.namespace;
      if (namespace === undefined)
        throw new Problem(400, 'neither the descriptor nor the query names a namespace', {
          errors: [{ field: 'body/namespace', message: 'is needed where the query names none' }],
        });
      await requireInNamespace(principal, { permission: 'operate', namespace, served: server.namespace });
      await requireValid(body, namespace, server);
      return reply.code(204).send();
    },
  );
}

function addRemoving(app: App, path: string, server: ServerContext): void {
  const { database } = server;

  app.delete(
    `${path}/:id/`,
    {
      config: operate,
      schema: {
        tags,
        summary: 'Forget a descriptor; what was deployed by it stays',
        params: IdParams,
        querystring: NamespaceQuery,
        response: { 204: Nothing, ...problems },
      },
    },
    async ({ params, query }, reply) => {
      const key = keyOf(params, query);
      if (!(await removeDescriptor(database, key))) throw noDescriptor(key);
      await sweepEnvironments(server, query.namespace);
      return reply.code(204).send();
    },
  );

  app.delete(
    `${path}/`,
    {
      config: operate,
      schema: {
        tags,
        summary: 'Forget the descriptors of an application, all or all but the newest',
        querystring: Type.Object({
          namespace: Name,
          appname: Type.String({ minLength: 1, maxLength: 63 }),
          keepLatest: Type.Optional(Type.Boolean({ default: false })),
        }),
        response: { 204: Nothing, ...problems },
      },
    },
    async ({ query: { namespace, appname, keepLatest } }, reply) => {
      const all = await listDescriptors(database, { namespace, appName: appname });
      for (const record of keepLatest === true ? all.slice(1) : all) await removeDescriptor(database, record);
      await sweepEnvironments(server, namespace);
      return reply.code(204).send();
    },
  );
}

function keyOf({ id }: { readonly id: string }, { namespace }: { readonly namespace: string }): DescriptorKey {
  return { id, namespace };
}

export async function requireDescriptor(
  key: DescriptorKey,
  database: ServerContext['database'],
): Promise<DescriptorRecord> {
  const record = await findDescriptor(database, key);
  if (record === undefined) throw noDescriptor(key);
  return record;
}

function noDescriptor({ id, namespace }: DescriptorKey): Problem {
  return new Problem(404, `there is no descriptor ${id} in namespace ${namespace}`);
}

/** Rejects with 400 and every fault: those of the descriptor, and those that the cluster finds in what it describes. */
async function requireValid(descriptor: Descriptor, namespace: string, { client }: ServerContext): Promise<void> {
  const faults = [...findDescriptorFaults(descriptor, namespace)];
  const isReadable = faults.every(({ field }) => field !== 'body/podspec/containers');
  if (isReadable) {
    const spec = applicationOf({ descriptor, version: descriptor.newVersion });
    const wanted = { namespace, name: descriptor.appName, spec };
    faults.push(...(await tryApplication(wanted, client)).map(faultOfDescriptor));
  }
  if (faults.length === 0) return;
  const detail = faults.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new Problem(400, `the descriptor is not valid: ${detail}`, { errors: faults });
}

/** What is wrong with an application that is asked for, without asking for it. */
async function tryApplication(
  { namespace, name, spec }: ApplicationKey & { readonly spec: ApplicationSpec },
  client: ServerContext['client'],
): Promise<readonly FieldFault[]> {
  try {
    await writeApplication({ namespace, name, spec }, { type: 'none' }, { client, dryRun: true });
    return [];
  } catch (error) {
    const problem = findProblem(error);
    if (problem === undefined || problem.status >= 500) throw error;
    return problem.errors ?? [{ field: 'metadata.namespace', message: problem.message }];
  }
}

type Identity = Pick<DescriptorRecord, 'id' | 'namespace' | 'created' | 'lastModified' | 'environmentSecret'>;

/** Without values that are secret: those of the environment are in a Secret, and keys of webhooks nobody asks for here. */
function recordOf(
  body: Descriptor,
  { environmentSecret, id, namespace, created, lastModified }: Identity,
): DescriptorRecord {
  const ignored = unknownFieldsOf(body);
  const { environment, webhooks, ...open } = body;
  const descriptor: Descriptor = {
    ...open,
    environment: Object.fromEntries(Object.keys(environment).map((name) => [name, hiddenValue])),
    webhooks: webhooks.map((webhook) => ({ ...webhook, key: hiddenValue })),
  };
  for (const name of ignored) Reflect.deleteProperty(descriptor, name);
  return {
    id,
    namespace,
    created,
    lastModified,
    descriptor,
    ignored,
    ...optional('environmentSecret', environmentSecret),
  };
}

export function presentDescriptor({ id, namespace, created, lastModified, descriptor }: DescriptorRecord): object {
  return { ...descriptor, id, namespace, created, lastModified };
}

function timeOf({ clock }: ServerContext): string {
  return new Date(clock.now()).toISOString();
}
