import Type, { type Static } from 'typebox';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';
import {
  deliveryStates,
  findDelivery,
  listDeliveries,
  receiveDelivery,
  resultOutcomes,
  type Delivery,
} from '../webhooks/deliveries.ts';
import { findWebhook } from '../webhooks/webhook-records.ts';
import { answerOnceByMark, onceDescription } from './answer-once.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { decodeCursor, encodeCursor, pageOf, PageQuery } from './pages.ts';
import { problems, WebhookId } from './schemas.ts';
import { noWebhook } from './webhook-routes.ts';

const tags = ['webhooks'];
const access = { type: 'server', permission: 'admin' } as const;

const EventSchema = Type.Union([
  Type.Object({
    type: Type.Literal('image'),
    repository: Type.String(),
    tag: Type.String(),
    digest: Type.Optional(Type.String()),
  }),
  Type.Object({
    type: Type.Literal('commit'),
    repository: Type.String(),
    branch: Type.String(),
    commit: Type.String(),
  }),
]);

const ResultSchema = Type.Object({
  kind: Type.String(),
  namespace: Type.String(),
  name: Type.String(),
  outcome: Type.Enum([...resultOutcomes]),
  message: Type.Optional(Type.String()),
  image: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  release: Type.Optional(Type.String()),
});

const DeliverySchema = Type.Object({
  id: Type.String(),
  receivedAt: Type.String({ format: 'date-time' }),
  address: Type.String({ description: 'Of who sent it.' }),
  senderDelivery: Type.Optional(Type.String({ description: 'What the sender calls it.' })),
  events: Type.Array(EventSchema),
  repeats: Type.Optional(Type.String({ description: 'The delivery that it is a repetition of.' })),
  requestedBy: Type.String(),
  state: Type.Enum([...deliveryStates]),
  attempts: Type.Integer(),
  finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
  message: Type.Optional(Type.String({ description: 'What came of it, in words.' })),
  results: Type.Array(ResultSchema, { description: 'Each object that it was about.' }),
});

const DeliveryParams = Type.Object({ id: WebhookId, delivery: WebhookId });

/** What senders have told, what came of it, and the way to do it again. */
export function addWebhookDeliveryRoutes(app: App, context: ServerContext): void {
  addReading(app, context);
  addRepeating(app, context);
}

function addReading(app: App, { database }: ServerContext): void {
  app.get(
    '/api/v1/webhooks/:id/deliveries',
    {
      config: { access },
      schema: {
        tags,
        summary: 'What came, newest first: the last 1000 of a webhook',
        params: Type.Object({ id: WebhookId }),
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: pageOf(DeliverySchema), ...problems },
      },
    },
    async ({ params, query }) => {
      if ((await findWebhook(database, params.id)) === undefined) throw noWebhook(params.id);
      const limit = query.limit ?? 100;
      const found = await listDeliveries(database, params.id, { limit: limit + 1, before: readPosition(query.cursor) });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(present),
        ...(last === undefined || found.length <= limit ? {} : { next: encodeCursor([String(last.number)]) }),
      };
    },
  );

  app.get(
    '/api/v1/webhooks/:id/deliveries/:delivery',
    {
      config: { access },
      schema: {
        tags,
        summary: 'One delivery, with what came of it',
        params: DeliveryParams,
        response: { 200: DeliverySchema, ...problems },
      },
    },
    async ({ params }) => {
      const delivery = await findDelivery(database, params.id, params.delivery);
      if (delivery === undefined) throw noDelivery(params);
      return present(delivery);
    },
  );
}

function addRepeating(app: App, context: ServerContext): void {
  const { database, clock, random } = context;
  app.post(
    '/api/v1/webhooks/:id/deliveries/:delivery/redeliver',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Do again what a delivery asked for, also where something newer has come since',
        description: onceDescription,
        headers: IdempotencyHeaders,
        params: DeliveryParams,
        response: { 202: DeliverySchema, ...problems },
      },
    },
    async (request, reply) => {
      const { params, principal, ip } = request;
      const repeated = await findDelivery(database, params.id, params.delivery);
      if (repeated === undefined) throw noDelivery(params);
      if (repeated.events.length === 0)
        throw new Problem(409, `delivery ${repeated.id} asked for nothing: there is nothing to repeat`);
      return await answerOnceByMark({ request, reply }, context, {
        create: async (mark) => {
          const own = random(18);
          const receipt = await receiveDelivery(database, {
            id: own,
            webhookId: params.id,
            now: clock.now(),
            address: ip,
            events: repeated.events,
            repeats: repeated.id,
            requestedBy: principal.name,
            state: 'waiting',
            marks: mark === undefined ? [] : [`asked ${mark}`],
          });
          if (receipt.type === 'full')
            throw new Problem(503, 'too many deliveries of this webhook wait: try again later', {
              headers: { 'retry-after': '60' },
            });
          return { id: receipt.type === 'replayed' ? receipt.id : own };
        },
        answer: async ({ id }) => {
          const delivery = await findDelivery(database, params.id, id);
          if (delivery === undefined) throw noDelivery({ id: params.id, delivery: id });
          const location = `/api/v1/webhooks/${params.id}/deliveries/${id}`;
          return { status: 202, location, body: present(delivery) };
        },
      });
    },
  );
}

function noDelivery({ id, delivery }: { readonly id: string; readonly delivery: string }): Problem {
  return new Problem(404, `webhook ${id} has no delivery ${delivery}, or no longer`);
}

function present(delivery: Delivery): Static<typeof DeliverySchema> {
  const { number: _, webhookId: __, senderDelivery, repeats, finishedAt, message, ...always } = delivery;
  return {
    ...always,
    events: always.events.map((event) => presentEvent(event)),
    results: always.results.map(({ message, image, version, release, ...result }) => ({
      ...result,
      ...optional('message', message),
      ...optional('image', image),
      ...optional('version', version),
      ...optional('release', release),
    })),
    ...optional('senderDelivery', senderDelivery),
    ...optional('repeats', repeats),
    ...optional('finishedAt', finishedAt),
    ...optional('message', message),
  };
}

function presentEvent(event: Delivery['events'][number]): Static<typeof EventSchema> {
  if (event.type === 'commit') return { ...event };
  const { digest, ...image } = event;
  return { ...image, ...optional('digest', digest) };
}

function readPosition(cursor: string | undefined): number | undefined {
  const [text] = decodeCursor(cursor, 1) ?? [];
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Problem(400, 'the cursor is none that a page ended with: take `next` of the page before, or leave it out');
}
