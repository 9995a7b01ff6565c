import Type from 'typebox';
import { listAudit } from '../audit/audit.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';
import { decodeCursor, encodeCursor, pageOf, PageQuery } from './pages.ts';
import { KubernetesSchema, problems } from './schemas.ts';

const AuditSchema = Type.Object({
  id: Type.Integer(),
  at: Type.String({ format: 'date-time' }),
  principal: Type.String(),
  address: Type.String(),
  action: Type.String(),
  namespace: Type.Optional(Type.String()),
  subject: Type.Optional(Type.String()),
  outcome: Type.String({ description: 'HTTP status.' }),
  details: KubernetesSchema,
});

export function addAuditRoutes(app: App, { database }: ServerContext): void {
  app.get(
    '/api/v1/audit',
    {
      config: { access: { type: 'server', permission: 'admin' } },
      schema: {
        tags: ['audit'],
        summary: 'Who changed what, newest first',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: pageOf(AuditSchema), ...problems },
      },
    },
    async ({ query }) => {
      const limit = query.limit ?? 100;
      const records = await listAudit(database, { limit: limit + 1, before: readPosition(query.cursor) });
      const page = records.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(({ namespace, subject, details, ...always }) => ({
          ...always,
          details: { ...details },
          ...optional('namespace', namespace),
          ...optional('subject', subject),
        })),
        ...(last === undefined || records.length <= limit ? {} : { next: encodeCursor([String(last.id)]) }),
      };
    },
  );
}

function readPosition(cursor: string | undefined): number | undefined {
  const [text] = decodeCursor(cursor, 1) ?? [];
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Problem(400, 'the cursor is none that a page ended with: take `next` of the page before, or leave it out');
}
