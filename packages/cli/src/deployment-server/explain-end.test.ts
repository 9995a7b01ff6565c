import { DatabaseError } from '@slipway/server/database/database';
import { expect, test } from 'vitest';
import { CommandFailure } from '../failure.ts';
import { explainStart } from './explain-end.ts';

const place = { host: '127.0.0.1', port: 8080 };

test.each([
  {
    name: 'a full disk',
    fault: 'full',
    says: 'The database does not take what is written at every start (why).',
  },
  { name: 'no answer', fault: 'unavailable', says: 'The database does not answer (why).' },
  {
    name: 'a damaged file',
    fault: 'damaged',
    says: 'The database is damaged, and has to be restored from a copy (why).',
  },
] as const)('of a database a start says $name', ({ fault, says }) => {
  const cause = new DatabaseError(fault, 'why', undefined);
  expect(explainStart(cause, place)).toEqual(new CommandFailure(says, { cause }));
});

test('a port that is taken is said with where, and what is unknown stays as it is', () => {
  const taken = Object.assign(new Error('taken'), { code: 'EADDRINUSE' });
  expect(explainStart(taken, place)).toMatchObject({ message: expect.stringContaining('127.0.0.1:8080 (EADDRINUSE)') });
  const unknown = new Error('what is this');
  expect(explainStart(unknown, place)).toBe(unknown);
});
