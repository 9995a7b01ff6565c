import Type, { type Static } from 'typebox';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { deliveryStates, listDeliveries, repeatDelivery, type Delivery } from '../notifications/outbox.ts';
import { optional } from '../optional.ts';
import { decodeCursor, encodeCursor, pageOf, PageQuery } from './pages.ts';
import { answerOnce, onceDescription } from './answer-once.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { NoBody, problems } from './schemas.ts';

const tags = ['notifications'];
const access = { type: 'server', permission: 'admin' } as const;
const Time = Type.String({ format: 'date-time' });
const Id = Type.String({ maxLength: 100, pattern: '^[\\w-]+$' });

const DeliverySchema = Type.Object({
  id: Type.String({ description: 'The receiver gets it with every attempt.' }),
  channel: Type.String({ description: 'Its id.' }),
  event: Type.Object({}, { additionalProperties: true }),
  state: Type.Enum([...deliveryStates], { description: '`dead`: given up, until it is repeated.' }),
  attempts: Type.Integer(),
  createdAt: Time,
  nextAt: Type.Optional(Time),
  deliveredAt: Type.Optional(Time),
  error: Type.Optional(Type.String({ description: 'Why the last attempt failed.' })),
});

/** What was sent, what was not, and what is still to be. */
export function addDeliveryRoutes(app: App, context: ServerContext): void {
  const { database, clock } = context;
  app.get(
    '/api/v1/notifications/deliveries',
    {
      config: { access },
      schema: {
        tags,
        summary: 'What was sent and what is to be, newest first',
        querystring: Type.Object(
          { ...PageQuery, channel: Type.Optional(Id), state: Type.Optional(Type.Enum([...deliveryStates])) },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(DeliverySchema), ...problems },
      },
    },
    async ({ query }) => {
      const [createdAt, id] = decodeCursor(query.cursor, 2) ?? [];
      const before = createdAt === undefined || id === undefined ? undefined : { createdAt, id };
      const limit = query.limit ?? 100;
      const selection = { channelId: query.channel, state: query.state, limit: limit + 1, before };
      const found = await listDeliveries(database, selection);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(present),
        ...(last === undefined || found.length <= limit ? {} : { next: encodeCursor([last.createdAt, last.id]) }),
      };
    },
  );

  app.post(
    '/api/v1/notifications/deliveries/:id/repeat',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Send it again, under the same id',
        description: onceDescription,
        headers: IdempotencyHeaders,
        params: Type.Object({ id: Id }),
        response: { 202: NoBody, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      return await answerOnce({ request, reply }, context, {
        create: async (transaction) => {
          if (await repeatDelivery(transaction, id, clock.now())) return {};
          throw new Problem(404, `there is no delivery ${id} that is not under way already`);
        },
        answer: () => ({ status: 202, body: undefined }),
      });
    },
  );
}

function present(delivery: Delivery): Static<typeof DeliverySchema> {
  const { id, channelId, event, state, attempts, createdAt, nextAt, deliveredAt, error } = delivery;
  return {
    id,
    channel: channelId,
    event: { ...event },
    state,
    attempts,
    createdAt,
    ...optional('nextAt', state === 'pending' ? nextAt : undefined),
    ...optional('deliveredAt', deliveredAt),
    ...optional('error', error),
  };
}
