/** Lists page by page: a cursor says where the last one ended, and only the server reads it. */
import Type, { type TSchema } from 'typebox';
import { Problem } from '../http/problem.ts';

export const maximumPageSize = 500;

export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: maximumPageSize, default: 100, description: 'Items of one page.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 1_000,
      pattern: '^[\\w-]+$',
      description: 'From `next` of the page before; absent: the first page.',
    }),
  ),
};

export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item),
    next: Type.Optional(Type.String({ description: 'The cursor of the page after; absent on the last one.' })),
  });
}

export function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Rejects with 400 what no page ended with. */
export function decodeCursor(cursor: string | undefined, length: number): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  const parts = parse(cursor);
  if (Array.isArray(parts) && parts.length === length && parts.every(isPart)) return parts;
  throw new Problem(400, 'the cursor is none that a page ended with: take `next` of the page before, or leave it out', {
    errors: [{ field: 'query/cursor', message: 'is no cursor' }],
  });
}

function isPart(part: unknown): part is string {
  return typeof part === 'string' && !/\p{Cc}/u.test(part);
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
