import Type, { type Static } from 'typebox';
import type { Sql } from '../database/database.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';
import { checkWebhook } from '../webhooks/check-webhook.ts';
import { secretPlaces } from '../webhooks/senders/sender.ts';
import { senders } from '../webhooks/senders/senders.ts';
import { createWebhook, deleteWebhook, findWebhook, listWebhooks, rotateSecret } from '../webhooks/webhook-records.ts';
import { senderNames, type Webhook, type WebhookTarget } from '../webhooks/webhook.ts';
import { answerOnce, onceDescription } from './answer-once.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { Name, problems, WebhookId } from './schemas.ts';

const tags = ['webhooks'];
const access = { type: 'server', permission: 'admin' } as const;
const maximumRules = 50;
const strict = { additionalProperties: false };

const Namespaces = Type.Array(Name, { minItems: 1, maxItems: 50 });
const Text = Type.String({ minLength: 1, maxLength: 128 });

const PolicySchema = Type.Object(
  {
    semver: Type.Optional(
      Type.String({ ...Text, description: 'Versions of this range that are newer than what is asked for.' }),
    ),
    pattern: Type.Optional(
      Type.String({ ...Text, description: 'Tags of this form: `*` is any text, `?` any one character.' }),
    ),
    digestOf: Type.Optional(
      Type.String({
        ...Text,
        description:
          'Whatever this tag leads to, by its digest, which the registry is asked for where the sender does not say it.',
      }),
    ),
  },
  { ...strict, description: 'Exactly one of them.' },
);

const ImageRuleSchema = Type.Object(
  {
    repository: Type.String({ minLength: 1, maxLength: 255, description: 'Such as ghcr.io/acme/shop.' }),
    policy: PolicySchema,
    namespaces: Namespaces,
    applications: Type.Optional(
      Type.Array(Name, { minItems: 1, maxItems: 100, description: 'Absent: all that have a container of it.' }),
    ),
    allowAddresses: Type.Optional(
      Type.Array(Type.String({ maxLength: 50 }), {
        minItems: 1,
        maxItems: 20,
        description:
          'Networks that the registry may be in although they are private, where it is asked for a digest, such as 10.1.0.0/16.',
      }),
    ),
  },
  strict,
);

const ManifestsSchema = Type.Object(
  {
    repository: Type.String({ minLength: 1, maxLength: 500, description: 'Where it is fetched, by https.' }),
    branch: Type.String({ minLength: 1, maxLength: 200 }),
    directory: Type.String({ minLength: 1, maxLength: 500, description: 'Inside of the repository; `.` is its root.' }),
    namespaces: Namespaces,
    force: Type.Optional(Type.Boolean({ description: 'Take over fields that somebody else has written.' })),
    prune: Type.Optional(
      Type.Boolean({ description: 'Remove what it has applied and what is no longer in the directory.' }),
    ),
    allowAddresses: Type.Optional(
      Type.Array(Type.String({ maxLength: 50 }), {
        minItems: 1,
        maxItems: 20,
        description: 'Networks that the repository may be in although they are private, such as 10.1.0.0/16.',
      }),
    ),
  },
  strict,
);

const TargetSchema = Type.Object(
  {
    images: Type.Optional(Type.Array(ImageRuleSchema, { minItems: 1, maxItems: maximumRules })),
    manifests: Type.Optional(ManifestsSchema),
  },
  { ...strict, description: 'Either images, which become releases, or manifests, which are applied.' },
);

const NewWebhookSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\p{Cc}]+$' }),
    sender: Type.Enum([...senderNames]),
    target: TargetSchema,
    credentials: Type.Optional(
      Type.Object(
        {
          username: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\p{Cc}:]+$' }),
          password: Type.String({ minLength: 1, maxLength: 1_000, pattern: '^[^\\p{Cc}]+$' }),
        },
        {
          ...strict,
          description:
            'For the repository of the manifests, or the registry that is asked for digests; never shown again.',
        },
      ),
    ),
  },
  strict,
);

const WebhookSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  sender: Type.Enum([...senderNames]),
  target: TargetSchema,
  hasCredentials: Type.Boolean({ description: 'Whether it was given credentials, which are not shown.' }),
  secretGoes: Type.Enum([...secretPlaces], { description: 'Where the settings of the sender take the secret.' }),
  createdAt: Type.String({ format: 'date-time' }),
  createdBy: Type.String(),
  rotatedAt: Type.Optional(Type.String({ format: 'date-time' })),
});

const SecretSchema = Type.Object({
  webhook: WebhookSchema,
  secret: Type.String({ description: 'Shown this once.' }),
  signingToken: Type.Optional(
    Type.String({ description: 'The secret in the form in which GitLab takes it to sign by, instead of sending it.' }),
  ),
  path: Type.String({ description: 'Where the sender sends to, on this server.' }),
});

/** Who may tell the server of pushes, and what it does then. */
export function addWebhookRoutes(app: App, context: ServerContext): void {
  addReading(app, context);
  addCreation(app, context);
  addChanging(app, context);
}

function addReading(app: App, { database }: ServerContext): void {
  app.get(
    '/api/v1/webhooks',
    {
      config: { access },
      schema: {
        tags,
        summary: 'All webhooks, without their secrets',
        response: { 200: Type.Object({ items: Type.Array(WebhookSchema) }), ...problems },
      },
    },
    async () => ({ items: (await listWebhooks(database)).map(present) }),
  );

  app.get(
    '/api/v1/webhooks/:id',
    {
      config: { access },
      schema: {
        tags,
        summary: 'One webhook, without its secret',
        params: Type.Object({ id: WebhookId }),
        response: { 200: WebhookSchema, ...problems },
      },
    },
    async ({ params }) => {
      const webhook = await findWebhook(database, params.id);
      if (webhook === undefined) throw noWebhook(params.id);
      return present(webhook);
    },
  );
}

function addCreation(app: App, context: ServerContext): void {
  const { clock, random, sealer, namespace } = context;
  app.post(
    '/api/v1/webhooks',
    {
      config: { access },
      schema: {
        tags,
        summary: 'A new webhook, whose secret is shown this once',
        description: onceDescription,
        headers: IdempotencyHeaders,
        body: NewWebhookSchema,
        response: { 201: SecretSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { body, principal } = request;
      const { name, sender, credentials } = body;
      const asked = { sender, target: body.target, hasCredentials: credentials !== undefined, served: namespace };
      const checked = checkWebhook(asked);
      if ('faults' in checked) {
        const said = checked.faults.map(({ field, message }) => `${field} ${message}`).join('; ');
        throw new Problem(422, `the webhook cannot be: ${said}`, { errors: checked.faults });
      }
      const given = { name, sender, target: checked.target, credentials, createdBy: principal.name };
      return await answerOnce({ request, reply }, context, {
        create: (sql) => createWebhook(sql, given, { now: clock.now(), random, sealer }),
        answer: ({ webhook, secret }) => ({
          status: 201,
          location: `/api/v1/webhooks/${webhook.id}`,
          // Servers of before did not keep it, and whoever asks again asks for the same.
          body: presentSecret({ ...webhook, hasCredentials: credentials !== undefined }, secret),
        }),
      });
    },
  );
}

function addChanging(app: App, context: ServerContext): void {
  const { database, clock, random, sealer } = context;
  app.post(
    '/api/v1/webhooks/:id/rotate',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Another secret, which is shown this once; messages with the old one are refused at once',
        description: onceDescription,
        headers: IdempotencyHeaders,
        params: Type.Object({ id: WebhookId }),
        response: { 200: SecretSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      return await answerOnce({ request, reply }, context, {
        create: async (sql) => {
          const secret = await rotateSecret(sql, id, { now: clock.now(), random, sealer });
          const webhook = await findWebhook(sql, id);
          if (secret === undefined || webhook === undefined) throw noWebhook(id);
          return presentSecret(webhook, secret);
        },
        answer: async (made) => ({ status: 200, body: await completeSecret(made, database) }),
      });
    },
  );

  app.delete(
    '/api/v1/webhooks/:id',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Remove a webhook, and with it its deliveries',
        params: Type.Object({ id: WebhookId }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async ({ params }, reply) => {
      if (!(await deleteWebhook(database, params.id))) throw noWebhook(params.id);
      return reply.code(204).send(null);
    },
  );
}

export function noWebhook(id: string): Problem {
  return new Problem(404, `there is no webhook ${id}`);
}

function presentSecret(webhook: Webhook, secret: string): Static<typeof SecretSchema> {
  const path = `/hooks/${webhook.id}`;
  const sender = senders[webhook.sender];
  const isInAddress = sender.secretGoes === 'address';
  return {
    webhook: present(webhook),
    secret,
    ...optional('signingToken', sender.signingToken?.(secret)),
    path: isInAddress ? `${path}/${secret}` : path,
  };
}

/** Servers of before did not say it, and it never changes. */
async function completeSecret(
  { webhook, ...made }: Static<typeof SecretSchema>,
  sql: Sql,
): Promise<Static<typeof SecretSchema>> {
  const known: Partial<typeof webhook> = webhook;
  const hasCredentials = known.hasCredentials ?? (await findWebhook(sql, webhook.id))?.hasCredentials === true;
  return { ...made, webhook: { ...webhook, hasCredentials } };
}

function present({ target, rotatedAt, ...webhook }: Webhook): Static<typeof WebhookSchema> {
  const { id, name, sender, hasCredentials, createdAt, createdBy } = webhook;
  const { secretGoes } = senders[sender];
  const shown = { id, name, sender, target: presentTarget(target), hasCredentials, secretGoes, createdAt, createdBy };
  return { ...shown, ...optional('rotatedAt', rotatedAt) };
}

function presentTarget(target: WebhookTarget): Static<typeof TargetSchema> {
  // As it was asked for: it is JSON that the same schema has taken.
  return structuredClone(target) as Static<typeof TargetSchema>;
}
