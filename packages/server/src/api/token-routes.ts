import Type from 'typebox';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { createToken, listTokens, revokeToken, type TokenRecord } from '../identity/tokens.ts';
import { answerOnce, onceDescription } from './answer-once.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { GrantsSchema, presentGrants, problems } from './schemas.ts';

const tags = ['tokens'];
const access = { type: 'server', permission: 'admin' } as const;
const TokenSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  grants: GrantsSchema,
  createdAt: Type.String({ format: 'date-time' }),
  createdBy: Type.String(),
  expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
  revokedAt: Type.Optional(Type.String({ format: 'date-time' })),
  usedAt: Type.Optional(Type.String({ format: 'date-time', description: 'To within a minute.' })),
});

export function addTokenRoutes(app: App, context: ServerContext): void {
  const { database, clock, random } = context;
  app.get(
    '/api/v1/tokens',
    {
      config: { access },
      schema: {
        tags,
        summary: 'All tokens, without their secrets',
        response: { 200: Type.Object({ items: Type.Array(TokenSchema) }), ...problems },
      },
    },
    async () => ({ items: (await listTokens(database)).map(present) }),
  );

  app.post(
    '/api/v1/tokens',
    {
      config: { access },
      schema: {
        tags,
        summary: 'A new token, which is shown this once',
        description: onceDescription,
        headers: IdempotencyHeaders,
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 100 }),
            grants: GrantsSchema,
            expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
          },
          { additionalProperties: false },
        ),
        response: { 201: Type.Object({ token: Type.String(), record: TokenSchema }), ...problems },
      },
    },
    async (request, reply) => {
      const given = { ...request.body, createdBy: request.principal.name };
      return await answerOnce({ request, reply }, context, {
        create: (sql) => {
          requireLater(given.expiresAt, clock.now());
          return createToken(sql, given, { now: clock.now(), random });
        },
        answer: ({ token, record }) => ({
          status: 201,
          location: `/api/v1/tokens/${record.id}`,
          body: { token, record: present(record) },
        }),
      });
    },
  );

  app.delete(
    '/api/v1/tokens/:id',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Revoke a token: it ends at once, and the logins that began with it',
        params: Type.Object({ id: Type.String({ maxLength: 100, pattern: '^[\\w-]+$' }) }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      if (!(await revokeToken(database, request.params.id, clock.now())))
        throw new Problem(404, `there is no token ${request.params.id} that is not revoked`);
      return reply.code(204).send(null);
    },
  );
}

function requireLater(expiresAt: string | undefined, now: number): void {
  if (expiresAt === undefined || Date.parse(expiresAt) > now) return;
  throw new Problem(422, 'the token would be over before it is used: give a later expiresAt, or none', {
    errors: [{ field: 'body/expiresAt', message: 'is in the past' }],
  });
}

function present({ grants, ...record }: TokenRecord) {
  const { expiresAt, revokedAt, usedAt, ...always } = record;
  return {
    ...always,
    grants: presentGrants(grants),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
    ...(usedAt === undefined ? {} : { usedAt }),
  };
}
