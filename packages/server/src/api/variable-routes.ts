import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { readVariables, writeVariables, type Kept } from '../environment/keep-variables.ts';
import { maximumVariables, presentVariables, type VariableChange } from '../environment/variables.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { isKnown } from '../http/entity-tags.ts';
import { NamespaceParams, NoBody, problems, ReadingHeaders, WritingHeaders } from './schemas.ts';

const path = '/api/v1/environments/:namespace/variables';
const tags = ['environments'];
const strict = { additionalProperties: false };

const VariableName = Type.String({ minLength: 1, maxLength: 253, pattern: '^[A-Za-z_][A-Za-z0-9_]*$' });

const WantedSchema = Type.Object(
  {
    name: VariableName,
    value: Type.Optional(
      Type.String({ maxLength: 65_536, pattern: '^[^\\u0000]*$', description: 'Absent: the one that it has.' }),
    ),
    secret: Type.Optional(
      Type.Boolean({ description: 'Its value is shown to nobody. Absent: as it was; a new one is not.' }),
    ),
  },
  strict,
);

const VariablesSchema = Type.Object({
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      value: Type.Optional(Type.String({ description: 'Absent: it is secret.' })),
      secret: Type.Boolean(),
    }),
  ),
});

const Settings = Type.Array(WantedSchema, { maxItems: maximumVariables });
const PutBody = Type.Object({ variables: Settings }, strict);
const PatchBody = Type.Object(
  {
    variables: Type.Optional(Settings),
    remove: Type.Optional(Type.Array(VariableName, { maxItems: maximumVariables })),
  },
  strict,
);

/** What every pod of the applications of a namespace is given, from its next release on. */
export function addVariableRoutes(app: App, context: ServerContext): void {
  addReading(app, context);
  addReplacing(app, context);
  addChanging(app, context);
  addRemoval(app, context);
}

function addReading(app: App, { client }: ServerContext): void {
  app.get(
    path,
    {
      config: { access: { type: 'namespace', permission: 'view' } },
      schema: {
        tags,
        summary: 'Variables that every pod of a namespace is given, by name; values of secret ones are left out',
        params: NamespaceParams,
        headers: ReadingHeaders,
        response: { 200: VariablesSchema, 304: Type.Null(), ...problems },
      },
    },
    async ({ params, headers }, reply) => {
      const kept = await readVariables(client, params.namespace);
      if (isKnown(headers['if-none-match'], kept.etag)) return reply.header('etag', kept.etag).code(304).send(null);
      return reply.code(200).send(answer(reply, kept));
    },
  );
}

function addReplacing(app: App, { client }: ServerContext): void {
  app.put(
    path,
    {
      config: { access: { type: 'namespace', permission: 'operate' } },
      schema: {
        tags,
        summary: 'Say what all variables of a namespace are; no release begins for that',
        description: 'With `If-Match` only the state that it names is replaced.',
        params: NamespaceParams,
        headers: WritingHeaders,
        body: PutBody,
        response: { 200: VariablesSchema, ...problems },
      },
    },
    async ({ params, body, headers }, reply) => {
      const change: VariableChange = { set: body.variables, remove: 'others' };
      const ifMatch = headers['if-match'];
      return reply.code(200).send(answer(reply, await writeVariables(client, { ...params, change, ifMatch })));
    },
  );
}

function addChanging(app: App, { client }: ServerContext): void {
  app.patch(
    path,
    {
      config: { access: { type: 'namespace', permission: 'operate' } },
      schema: {
        tags,
        summary: 'Set some variables of a namespace and remove others; no release begins for that',
        params: NamespaceParams,
        headers: WritingHeaders,
        body: PatchBody,
        response: { 200: VariablesSchema, ...problems },
      },
    },
    async ({ params, body, headers }, reply) => {
      const change: VariableChange = { set: body.variables ?? [], remove: body.remove ?? [] };
      const ifMatch = headers['if-match'];
      return reply.code(200).send(answer(reply, await writeVariables(client, { ...params, change, ifMatch })));
    },
  );
}

function addRemoval(app: App, { client }: ServerContext): void {
  app.delete(
    path,
    {
      config: { access: { type: 'namespace', permission: 'operate' } },
      schema: {
        tags,
        summary: 'Remove all variables of a namespace; what runs keeps those that it has',
        params: NamespaceParams,
        headers: WritingHeaders,
        response: { 204: NoBody, ...problems },
      },
    },
    async ({ params, headers }, reply) => {
      const change: VariableChange = { set: [], remove: 'others' };
      await writeVariables(client, { ...params, change, ifMatch: headers['if-match'] });
      return reply.code(204).send(undefined);
    },
  );
}

function answer(reply: FastifyReply, { variables, etag }: Kept) {
  reply.header('etag', etag);
  return { items: presentVariables(variables) };
}
