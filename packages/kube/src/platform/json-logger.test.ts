import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { StatusError } from '../status-error.ts';
import { createJsonLogger } from './json-logger.ts';
import type { LogOutput } from './log-output.ts';

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

  it('shows the way through the code to a fault of ours alone', () => {
    const output = new PassThrough();
    const logger = createJsonLogger({ output, clock: new FakeClock(), level: 'warn' });
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    logger.warn('no answer', { error: new StatusError('ServiceUnavailable', 'no server', { cause: refused }) });
    const aborted = Object.assign(new Error('aborted', { cause: new Error('too late') }), { code: 'ABORT_ERR' });
    logger.warn('no answer', { error: aborted });
    logger.warn('no answer', { error: new TypeError('x is not a function') });
    const lines = String(output.read()).trim().split('\n');
    const [away, late, fault] = lines.map((line): { readonly error: string } => JSON.parse(line));
    expect(away?.error).toBe('StatusError: no server (Error: connect ECONNREFUSED)');
    expect(late?.error).toBe('Error: aborted (Error: too late)');
    expect(fault?.error).toMatch(/x is not a function\n {4}at /);
  });

  it('tells once how many lines are missing, when lines can be written again', () => {
    const disk = { isFull: false, lines: new Array<string>(), attempts: 0 };
    const output: LogOutput = {
      write: (text, onWritten) => {
        disk.attempts += 1;
        if (!disk.isFull) disk.lines.push(text);
        onWritten(disk.isFull ? new Error('ENOSPC') : null);
      },
    };
    const logger = createJsonLogger({ output, clock: new FakeClock(), level: 'info' });
    const told = (): readonly unknown[] =>
      disk.lines.splice(0).map((line) => {
        const { msg, lines }: { readonly msg: string; readonly lines?: number } = JSON.parse(line);
        return lines ?? msg;
      });
    logger.info('before');
    disk.isFull = true;
    for (const msg of ['one', 'two', 'three']) logger.warn(msg);
    expect(disk.attempts).toBe(4);
    disk.isFull = false;
    logger.info('after');
    logger.info('later');
    expect(told()).toEqual(['before', 'after', 3, 'later']);
  });

  it('counts on when the disk is full again before it could tell', () => {
    const answers = [new Error('full'), null, new Error('full'), null, null];
    const lines: string[] = [];
    const output: LogOutput = {
      write: (text, onWritten) => {
        const answer = answers.shift();
        if (answer === null) lines.push(text);
        onWritten(answer);
      },
    };
    const logger = createJsonLogger({ output, clock: new FakeClock(), level: 'info' });
    logger.info('lost');
    logger.info('first');
    logger.info('second');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ msg: 'first' }, { msg: 'second' }, { lines: 1 }]);
  });
});
