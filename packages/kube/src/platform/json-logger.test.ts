import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { createJsonLogger } from './json-logger.ts';

describe('the JSON logger', () => {
  it('writes a line for what is at least of its level', () => {
    const output = new PassThrough();
    const logger = createJsonLogger({ output, clock: new FakeClock(), level: 'warn' });
    logger.info('too little');
    logger.warn('a pod is late', { namespace: 'shop', revision: 12n });
    logger.error('it broke', { error: new Error('no disk', { cause: new Error('full') }), msg: 'cannot win' });
    const lines = String(output.read()).trim().split('\n');
    const [warning, failure, ...rest] = lines.map((line): Record<string, unknown> => JSON.parse(line));
    expect(rest).toEqual([]);
    expect(warning).toEqual({
      time: new Date(new FakeClock().now()).toISOString(),
      level: 'warn',
      msg: 'a pod is late',
      namespace: 'shop',
      revision: '12',
    });
    expect(failure).toMatchObject({ level: 'error', msg: 'it broke' });
    expect(failure?.['error']).toMatch(/no disk[^]*\(Error: full/);
  });
});
