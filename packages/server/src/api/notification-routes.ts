import Type, { type Static } from 'typebox';
import { isDatabaseFault } from '../database/database.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { channelTypes, mailSecurities, type Channel, type ChannelSpec } from '../notifications/channel.ts';
import {
  deleteChannel,
  findChannel,
  insertChannel,
  listChannels,
  maximumChannels,
  replaceChannel,
} from '../notifications/channels.ts';
import { findChannelFaults } from '../notifications/channel-faults.ts';
import { eventTypes } from '../notifications/release-events.ts';
import type { Send } from '../notifications/send.ts';
import { optional } from '../optional.ts';
import { answerOnce, onceDescription } from './answer-once.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { Name, problems } from './schemas.ts';

const tags = ['notifications'];
const access = { type: 'server', permission: 'admin' } as const;
const Optional = Type.Optional;
const Line = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]+$' });
const maximumNames = 100;
const Url = Type.String({ maxLength: 2_000, pattern: '^https?://' });

const FilterSchema = Type.Object(
  {
    namespaces: Optional(Type.Array(Name, { maxItems: maximumNames })),
    applications: Optional(Type.Array(Name, { maxItems: maximumNames })),
    events: Optional(Type.Array(Type.Enum([...eventTypes]), { maxItems: maximumNames })),
  },
  { additionalProperties: false, description: 'What is told; absent: all of it.' },
);

const MailSchema = Type.Object(
  {
    host: Line(253),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    security: Type.Enum([...mailSecurities]),
    user: Optional(Line(200)),
    from: Line(300),
    to: Type.Array(Line(300), { minItems: 1, maxItems: 20 }),
  },
  { additionalProperties: false },
);

const common = {
  name: Line(100),
  type: Type.Enum([...channelTypes]),
  mail: Optional(MailSchema),
  mode: Optional(Type.Enum(['structured', 'binary'])),
  filter: FilterSchema,
  template: Optional(Type.String({ maxLength: 2_000, description: 'A text with places such as `{{application}}`.' })),
  enabled: Type.Boolean(),
};

const ChannelBody = Type.Object(
  {
    ...common,
    filter: Optional(FilterSchema),
    enabled: Optional(Type.Boolean({ default: true })),
    url: Optional(Url),
    secretUrl: Optional(
      Type.String({ maxLength: 2_000, pattern: '^https?://', description: 'Of Slack, Teams and Discord.' }),
    ),
    secret: Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000,
        description: 'Signs a webhook; the password of a mail server; the bearer token of CloudEvents.',
      }),
    ),
  },
  { additionalProperties: false },
);

const ChannelSchema = Type.Object({
  ...common,
  id: Type.String(),
  url: Optional(Type.String({ description: 'Without its query.' })),
  host: Optional(Type.String({ description: 'Of an address that is secret.' })),
  hasSecret: Type.Boolean(),
  createdAt: Type.String({ format: 'date-time' }),
  createdBy: Type.String(),
  leftOut: Optional(
    Type.Object(
      {
        count: Type.Integer(),
        since: Type.String({ format: 'date-time' }),
        last: Type.String({ format: 'date-time' }),
      },
      { description: 'What was not told there because 10,000 waited already; until the channel is replaced.' },
    ),
  ),
});

const IdParams = Type.Object({ id: Type.String({ maxLength: 100, pattern: '^[\\w-]+$' }) });
const idBytes = 12;

export function addNotificationRoutes(app: App, context: ServerContext, send: Send): void {
  addReading(app, context);
  addWriting(app, context);
  addTest(app, context, send);
}

function addReading(app: App, context: ServerContext): void {
  app.get(
    '/api/v1/notifications/channels',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Who is told of what; secrets are not shown',
        response: { 200: Type.Object({ items: Type.Array(ChannelSchema) }), ...problems },
      },
    },
    async () => ({ items: (await listChannels(context.database, context.sealer)).map(present) }),
  );

  app.get(
    '/api/v1/notifications/channels/:id',
    {
      config: { access },
      schema: { tags, summary: 'One channel', params: IdParams, response: { 200: ChannelSchema, ...problems } },
    },
    async ({ params }) => present(await find(params.id, context)),
  );
}

function addWriting(app: App, context: ServerContext): void {
  const { database, sealer, clock, random } = context;

  app.post(
    '/api/v1/notifications/channels',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Tell somebody from now on',
        description: onceDescription,
        headers: IdempotencyHeaders,
        body: ChannelBody,
        response: { 201: ChannelSchema, ...problems },
      },
    },
    async (request, reply) => {
      const spec = requireSound(specOf(request.body, undefined));
      return await answerOnce({ request, reply }, context, {
        create: async (sql) => {
          if ((await listChannels(sql, sealer)).length >= maximumChannels)
            throw new Problem(422, `there are ${maximumChannels} channels already: delete one first`);
          const createdAt = new Date(clock.now()).toISOString();
          const channel = { ...spec, id: random(idBytes), createdAt, createdBy: request.principal.name };
          await unlessTaken(insertChannel(sql, channel, sealer), channel);
          return present(channel);
        },
        answer: (created) => ({
          status: 201,
          location: `/api/v1/notifications/channels/${created.id}`,
          body: created,
        }),
      });
    },
  );

  app.put(
    '/api/v1/notifications/channels/:id',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Replace a channel; secrets that are left out stay as they are, where type and address do',
        params: IdParams,
        body: ChannelBody,
        response: { 200: ChannelSchema, ...problems },
      },
    },
    async ({ params, body }) => {
      const { id, createdAt, createdBy, leftOut: _, ...before } = await find(params.id, context);
      const channel = { ...requireSound(specOf(body, before)), id, createdAt, createdBy };
      await unlessTaken(replaceChannel(database, channel, sealer), channel);
      return present(channel);
    },
  );

  app.delete(
    '/api/v1/notifications/channels/:id',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Tell nobody there any more, with what was still to be sent',
        params: IdParams,
        response: { 204: Type.Null(), ...problems },
      },
    },
    async ({ params }, reply) => {
      if (!(await deleteChannel(database, params.id))) throw notFound(params.id);
      return reply.code(204).send(null);
    },
  );
}

function addTest(app: App, context: ServerContext, send: Send): void {
  const { clock, random } = context;

  app.post(
    '/api/v1/notifications/channels/:id/test',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Send a message that says it is a test, now and once',
        params: IdParams,
        response: {
          200: Type.Object({ sent: Type.Boolean(), error: Optional(Type.String({ description: 'Why it was not.' })) }),
          ...problems,
        },
      },
    },
    async ({ params, principal }) => {
      const channel = await find(params.id, context);
      const id = `test-${random(idBytes)}`;
      const event = {
        id,
        type: 'release.succeeded',
        at: new Date(clock.now()).toISOString(),
        namespace: 'default',
        application: 'test',
        release: 'test-1',
        version: '1',
        phase: 'Succeeded',
        reason: 'this is a test',
        requestedBy: principal.name,
      };
      const outcome = await send(channel, { id, event });
      return outcome.type === 'sent' ? { sent: true } : { sent: false, error: outcome.error };
    },
  );
}

/** A secret is for where it was given: with another address it has to be given again. */
function specOf(body: Static<typeof ChannelBody>, before: ChannelSpec | undefined): ChannelSpec {
  const kept = before !== undefined && isSameTarget(body, before) ? before : undefined;
  const { filter = {}, enabled = true, ...rest } = body;
  return {
    ...rest,
    filter,
    enabled,
    ...optional('url', body.url ?? kept?.url),
    ...optional('secretUrl', body.secretUrl ?? kept?.secretUrl),
    ...optional('secret', body.secret ?? kept?.secret),
  };
}

function isSameTarget({ type, url, mail }: Static<typeof ChannelBody>, before: ChannelSpec): boolean {
  return (
    type === before.type &&
    (url === undefined || url === before.url) &&
    mail?.host === before.mail?.host &&
    mail?.port === before.mail?.port
  );
}

function requireSound(spec: ChannelSpec): ChannelSpec {
  const errors = findChannelFaults(spec).map(({ field, message }) => ({ field: `body/${field}`, message }));
  if (errors.length === 0) return spec;
  const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new Problem(422, `the channel cannot be as it is: ${detail}`, { errors });
}

async function unlessTaken(writing: Promise<void>, { name }: ChannelSpec): Promise<void> {
  try {
    await writing;
  } catch (error) {
    if (!isDatabaseFault(error, 'duplicate')) throw error;
    throw new Problem(409, `there is a channel ${name} already: choose another name, or replace that one`);
  }
}

async function find(id: string, { database, sealer }: ServerContext): Promise<Channel> {
  const channel = await findChannel(database, id, sealer);
  if (channel === undefined) throw notFound(id);
  return channel;
}

function notFound(id: string): Problem {
  return new Problem(404, `there is no channel ${id}`);
}

function present(channel: Channel): Static<typeof ChannelSchema> {
  const { id, name, type, mode, template, enabled, createdAt, createdBy, mail, filter, url, secret, secretUrl } =
    channel;
  const { leftOut } = channel;
  return {
    id,
    name,
    type,
    enabled,
    createdAt,
    createdBy,
    hasSecret: secret !== undefined || secretUrl !== undefined,
    filter: {
      ...optional('namespaces', filter.namespaces && [...filter.namespaces]),
      ...optional('applications', filter.applications && [...filter.applications]),
      ...optional('events', filter.events && [...filter.events]),
    },
    ...optional('url', url?.split('?')[0]),
    ...optional('host', secretUrl === undefined ? undefined : new URL(secretUrl).host),
    ...optional('leftOut', leftOut && { ...leftOut }),
    ...optional('mode', mode),
    ...optional('template', template),
    ...optional('mail', mail && presentMail(mail)),
  };
}

function presentMail({ user, to, ...mail }: NonNullable<Channel['mail']>): Static<typeof MailSchema> {
  return { ...mail, to: [...to], ...optional('user', user) };
}
