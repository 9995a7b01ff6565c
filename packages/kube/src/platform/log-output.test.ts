import { closeSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from './log-output.ts';

/** What the callback was given; a failure is told by its code. */
function write(log: LogFile, text: string): string | undefined {
  const outcomes: (string | undefined)[] = [];
  log.write(text, (error) => {
    outcomes.push(error instanceof Error && 'code' in error ? String(error.code) : error?.message);
  });
  expect(outcomes).toHaveLength(1);
  return outcomes[0];
}

describe('the log file of a process', () => {
  let folder: string;
  let path: string;
  let fd: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-log-'));
    path = join(folder, 'server.log');
    fd = openSync(path, 'a', 0o600);
  });

  afterEach(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  it('goes on after what an earlier process wrote', () => {
    write(new LogFile(fd), 'one\n');
    write(new LogFile(fd), 'two\n');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });

  it('puts aside what would grow past the limit, and keeps that once', () => {
    const log = new LogFile(fd, 10);
    for (const line of ['first\n', 'next\n', 'third\n', 'fourth\n']) expect(write(log, line)).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('fourth\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('third\n');
  });

  it('takes a line that is longer than the limit by itself', () => {
    const log = new LogFile(fd, 10);
    write(log, 'much more than ten\n');
    expect(readFileSync(path, 'utf8')).toBe('much more than ten\n');
  });

  it('stays beside the file when its folder has moved', () => {
    const log = new LogFile(fd, 10);
    write(log, 'before\n');
    renameSync(folder, `${folder}-moved`);
    folder = `${folder}-moved`;
    write(log, 'after\n');
    expect(readFileSync(join(folder, 'server.log.1'), 'utf8')).toBe('before\n');
    expect(readFileSync(join(folder, 'server.log'), 'utf8')).toBe('after\n');
  });

  it('says when the disk does not take a line, and does not throw', () => {
    const full = openSync('/dev/full', 'a');
    expect(write(new LogFile(full), 'lost\n')).toBe('ENOSPC');
    closeSync(full);
  });
});
