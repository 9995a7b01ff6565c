/** Where other systems tell of pushes. What comes is anybody's until its secret is checked. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { identifyCaller } from '../http/access.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';
import { receiveMessage, type Reception } from '../webhooks/receive.ts';
import { senders } from '../webhooks/senders/senders.ts';
import type { Message } from '../webhooks/verify.ts';
import { findWithSecret } from '../webhooks/webhook-records.ts';
import { askerOf, type Webhook } from '../webhooks/webhook.ts';
import { problems, WebhookId } from './schemas.ts';

/** Pushes of many commits are long; nothing else that is read is. */
const maximumBodyBytes = 2 * 1024 * 1024;
/** Of one sender, a minute. */
const maximumMessages = 300;

const ReceivedSchema = Type.Object({
  delivery: Type.Optional(Type.String({ description: 'What it is called here.' })),
  state: Type.Enum(['waiting', 'ignored', 'refused']),
  message: Type.Optional(Type.String()),
});

const response = {
  200: Type.Object(ReceivedSchema.properties, {
    description: 'Refused, for a sender that would send nothing else until it hears of a success.',
  }),
  202: Type.Object(ReceivedSchema.properties, {
    description: 'It is written down, and will be carried out or was found to ask for nothing.',
  }),
  ...problems,
};

const options = {
  config: { access: { type: 'public' }, rateLimit: { max: maximumMessages } },
  bodyLimit: maximumBodyBytes,
} as const;

const about = { tags: ['webhooks'], security: [] };

export async function addWebhookDoor(app: App, context: ServerContext): Promise<void> {
  await app.register(async (plain) => {
    const door = plain.withTypeProvider<TypeBoxTypeProvider>();
    // A signature is of the bytes as they come.
    door.removeAllContentTypeParsers();
    door.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

    door.post(
      '/hooks/:id',
      {
        ...options,
        schema: {
          ...about,
          summary: 'For the sender of a webhook, which signs what it sends or shows its secret in a header',
          params: Type.Object({ id: WebhookId }),
          response,
        },
      },
      async (request, reply) => {
        const { status, body } = await answer(request, { id: request.params.id }, context);
        return reply.code(status).send(body);
      },
    );

    door.post(
      '/hooks/:id/:secret',
      {
        ...options,
        schema: {
          ...about,
          summary: 'For the sender of a webhook that can be told nothing but an address',
          params: Type.Object({ id: WebhookId, secret: Type.String({ maxLength: 100 }) }),
          response,
        },
      },
      async (request, reply) => {
        const { status, body } = await answer(request, request.params, context);
        return reply.code(status).send(body);
      },
    );
  });
}

interface Address {
  readonly id: string;
  readonly secret?: string;
}

interface Answer {
  readonly status: 200 | 202;
  readonly body: {
    readonly delivery?: string;
    readonly state: 'waiting' | 'ignored' | 'refused';
    readonly message?: string;
  };
}

async function answer(request: FastifyRequest, address: Address, context: ServerContext): Promise<Answer> {
  const { headers, ip } = request;
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  // What came is for the one who knows how to read it, and not for the audit.
  request.body = { bytes: body.length };
  const message: Message = { headers, body, pathSecret: address.secret };
  const webhook = await requireGenuine(message, address, context);
  identifyCaller(request, principalOf(webhook));
  const sender = senders[webhook.sender];
  const { database, clock, random } = context;
  const means = { database, now: clock.now(), random };
  const reception = await receiveMessage({ webhook, sender, message, address: ip }, means);
  return answerWith(reception, sender.insists?.(headers) === true);
}

/** Who does not know the secret learns nothing, not even whether there is such a webhook. */
async function requireGenuine(message: Message, { id }: Address, context: ServerContext): Promise<Webhook> {
  const { database, sealer, logger } = context;
  const found = await findWithSecret(database, id, sealer);
  if (found !== undefined && senders[found.webhook.sender].isGenuine(message, found.secret)) return found.webhook;
  logger.warn('a message for a webhook is not from its sender', { webhook: id, isKnown: found !== undefined });
  throw new Problem(401, 'there is no such webhook, or this does not come from its sender: look at its secret there');
}

function principalOf(webhook: Webhook) {
  const name = askerOf(webhook);
  return { name, identity: { source: 'webhook', name: webhook.id, grants: [] }, may: async () => false } as const;
}

function answerWith(reception: Reception, insists: boolean): Answer {
  if (reception.type === 'received') {
    const { id: delivery, state, message } = reception;
    return { status: 202, body: { delivery, state, ...optional('message', message) } };
  }
  const { status, reason } = reception;
  // That it cannot be written down just now is worth another try, whoever sends it.
  if (insists && status !== 503) return { status: 200, body: { state: 'refused', message: reason } };
  throw new Problem(status, reason, status === 503 ? { headers: { 'retry-after': '60' } } : {});
}
