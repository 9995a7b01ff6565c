import { Readable } from 'node:stream';
import Type from 'typebox';
import { exportHistory } from '../history/export-history.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { problems } from './schemas.ts';

export function addExportRoutes(app: App, { database }: ServerContext): void {
  app.get(
    '/api/v1/export',
    {
      config: { access: { type: 'server', permission: 'admin' } },
      schema: {
        tags: ['history'],
        summary: 'All that the server remembers, one object of JSON in each line',
        description:
          'Every release with its log, measurements and commands, then the audit. The last line has type `end`: an export without it was broken off.',
        response: {
          200: {
            description: 'Lines.',
            content: { 'application/x-ndjson': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
          },
          ...problems,
        },
      },
    },
    async (_, reply) => reply.type('application/x-ndjson').send(Readable.from(toLines(exportHistory(database)))),
  );
}

async function* toLines(objects: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const object of objects) yield `${JSON.stringify(object)}\n`;
}
