import swagger from '@fastify/swagger';
import Type from 'typebox';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { KubernetesSchema, problems } from './schemas.ts';

/** What the server says of itself. Before all other routes, so that its document names them. */
export async function addMetaRoutes(app: App, { database, view, place }: ServerContext): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Slipway',
        version: 'v1',
        description: 'Applications, their releases, and what people ask of them.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: place.cookie.name },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
  });

  app.get(
    '/api/v1/openapi.json',
    {
      config: { access: { type: 'public' } },
      schema: {
        tags: ['server'],
        summary: 'This API, as OpenAPI 3.1',
        security: [],
        response: { 200: KubernetesSchema, ...problems },
      },
    },
    async () => ({ ...app.swagger() }),
  );

  app.get(
    '/livez',
    {
      config: { access: { type: 'public' } },
      schema: {
        tags: ['server'],
        summary: 'Whether it answers at all: no reason to start it again where its database or the cluster is away',
        security: [],
        response: { 200: Type.Object({ status: Type.Literal('ok') }), ...problems },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/healthz',
    {
      config: { access: { type: 'public' } },
      schema: {
        tags: ['server'],
        summary: 'Whether it can do its work',
        security: [],
        response: { 200: Type.Object({ status: Type.Literal('ok') }), ...problems },
      },
    },
    async () => {
      await database.query('SELECT 1');
      if (!view.applications.hasSynced || !view.releases.hasSynced)
        throw new Problem(503, 'the server has not yet heard from the cluster what there is');
      return { status: 'ok' as const };
    },
  );
}
