import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '@slipway/kube/logger';
import { FakeClock, settle } from '../../../../kube/testing/fake-clock.ts';
import { diskFiles } from '../platform/disk-files.ts';
import type { LogOptions } from './log-reader.ts';
import { logLimits, LogWriter } from './log-writer.ts';
import { PodLogs } from './pod-logs.ts';

const instance = { podUid: 'uid', name: 'app', attempt: 0 };
let directory: string;
let clock: FakeClock;
let logs: PodLogs;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-logs-'));
  clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  logs = new PodLogs({ files: diskFiles, clock, logger: silentLogger, directory });
});
afterEach(() => rm(directory, { recursive: true }));

function options(given: Partial<LogOptions> = {}): LogOptions {
  const none = { tailLines: undefined, since: undefined, limitBytes: undefined };
  return { follow: false, timestamps: false, signal: new AbortController().signal, ...none, ...given };
}

async function read(given: Partial<LogOptions> = {}, of = instance): Promise<string> {
  const blocks: Uint8Array[] = [];
  for await (const block of logs.read(of, options(given))) blocks.push(block);
  return Buffer.concat(blocks).toString();
}

async function write(text: string, of = instance): Promise<void> {
  const writer = await logs.open(of);
  await writer.write('stdout', Buffer.from(text));
  await logs.close(of);
}

describe('reading a log', () => {
  it('gives what was written, also a last line without a line break', async () => {
    await write('one\ntwo\nthree');
    expect(await read()).toBe('one\ntwo\nthree\n');
  });

  it('puts the time before each line if asked', async () => {
    await write('one\n');
    expect(await read({ timestamps: true })).toBe('2026-01-01T00:00:00.000000000Z one\n');
  });

  it.each([
    { tailLines: 0, expected: '' },
    { tailLines: 1, expected: 'three\n' },
    { tailLines: 2, expected: 'two\nthree\n' },
    { tailLines: 99, expected: 'one\ntwo\nthree\n' },
  ])('gives the last $tailLines lines', async ({ tailLines, expected }) => {
    await write('one\ntwo\nthree\n');
    expect(await read({ tailLines })).toBe(expected);
  });

  it('cuts at limitBytes', async () => {
    await write('one\ntwo\n');
    expect(await read({ limitBytes: 5 })).toBe('one\nt');
  });

  it('gives what was written since a time', async () => {
    const writer = await logs.open(instance);
    await writer.write('stdout', Buffer.from('old\n'));
    await clock.advance(10_000);
    await writer.write('stdout', Buffer.from('new\n'));
    await logs.close(instance);
    expect(await read({ since: clock.now() - 5000 })).toBe('new\n');
  });

  it('does not mix the streams within a line', async () => {
    const writer = await logs.open(instance);
    await writer.write('stdout', Buffer.from('out '));
    await writer.write('stderr', Buffer.from('error\n'));
    await writer.write('stdout', Buffer.from('put\n'));
    await logs.close(instance);
    expect(await read()).toBe('error\nout put\n');
  });

  it('keeps a line that is longer than a part', async () => {
    const line = 'x'.repeat(50_000);
    await write(`${line}\nend\n`);
    expect(await read()).toBe(`${line}\nend\n`);
  });

  it('finds the tail in a log of many blocks', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
    await write(`${lines.join('\n')}\n`);
    expect(await read({ tailLines: 15_000 })).toBe(`${lines.slice(5000).join('\n')}\n`);
  });
});

describe('reading the log of a container that has just ended', () => {
  it.each([false, true])('gives also what is still on its way to the disk (follow: %s)', async (follow) => {
    const disk = Promise.withResolvers<void>();
    const append: typeof diskFiles.append = async (path, content) => {
      await disk.promise;
      await diskFiles.append(path, content);
    };
    logs = new PodLogs({ files: { ...diskFiles, append }, clock, logger: silentLogger, directory });
    const writer = await logs.open(instance);
    void writer.write('stdout', Buffer.from('one\nlast\n'));
    const closed = logs.close(instance);
    const said = read({ follow, tailLines: 1 });
    // Time enough to find nothing.
    await settle(200);
    disk.resolve();
    expect(await said).toBe('last\n');
    await closed;
  });

  it.each([false, true])('ends when the reader goes away, also where the disk hangs (follow: %s)', async (follow) => {
    const disk = Promise.withResolvers<void>();
    logs = new PodLogs({ files: { ...diskFiles, append: () => disk.promise }, clock, logger: silentLogger, directory });
    const writer = await logs.open(instance);
    void writer.write('stdout', Buffer.from('one\n'));
    const closed = logs.close(instance);
    const left = new AbortController();
    const said = read({ follow, signal: left.signal });
    await settle();
    left.abort();
    expect(await said).toBe('');
    disk.resolve();
    await closed;
  });
});

describe('the first lines of a container that starts beside others', () => {
  const makesDirectory = vi.fn(diskFiles.makeDirectory);
  let calm: PromiseWithResolvers<void>;
  const openHeld = (): Promise<LogWriter> => {
    const files = { ...diskFiles, makeDirectory: makesDirectory };
    logs = new PodLogs({ files, clock, logger: silentLogger, directory, whenCalm: () => calm.promise });
    return logs.open(instance);
  };

  beforeEach(() => {
    makesDirectory.mockClear();
    calm = Promise.withResolvers();
  });

  it('are on the disk once it is calm, without anybody who reads or ends it', async () => {
    const writer = await openHeld();
    void writer.write('stdout', Buffer.from('one\n'));
    await settle();
    expect(makesDirectory).not.toHaveBeenCalled();
    calm.resolve();
    const folder = join(directory, 'uid/logs/app');
    await expect
      .poll(async () => {
        const [name] = await readdir(folder).catch(() => []);
        return name === undefined ? '' : readFile(join(folder, name), 'utf8');
      })
      .toMatch(/one\n$/);
    await logs.close(instance);
  });

  it.each([false, true])('wait for calm, and for nobody who reads them (follow: %s)', async (follow) => {
    const writer = await openHeld();
    void writer.write('stdout', Buffer.from('one\n'));
    await settle();
    expect(makesDirectory).not.toHaveBeenCalled();
    const stream = logs.read(instance, options({ follow }));
    expect(Buffer.from((await stream.next()).value ?? []).toString()).toBe('one\n');
    await stream.return(undefined);
    await logs.close(instance);
  });

  it('hold up nobody who reads before the first of them is whole', async () => {
    const writer = await openHeld();
    void writer.write('stdout', Buffer.from('password: '));
    await settle();
    expect(await read()).toBe('');
    void writer.write('stdout', Buffer.from('\n'));
    expect(await read()).toBe('password: \n');
    await logs.close(instance);
  });

  it('are on the disk when the container has ended', async () => {
    const writer = await openHeld();
    void writer.write('stdout', Buffer.from('one\n'));
    await logs.close(instance);
    expect(await read()).toBe('one\n');
  });

  it('wait no longer where there are many', async () => {
    const writer = await openHeld();
    await writer.write('stdout', Buffer.from(`${'x'.repeat(100)}\n`.repeat(20_000)));
    expect(makesDirectory).toHaveBeenCalled();
    await logs.close(instance);
  });
});

describe('instances', () => {
  it('keep the log of the one before, and no older ones', async () => {
    for (const attempt of [0, 1, 2]) await write(`attempt ${attempt}\n`, { ...instance, attempt });
    expect(await read({}, { ...instance, attempt: 2 })).toBe('attempt 2\n');
    expect(await read({}, { ...instance, attempt: 1 })).toBe('attempt 1\n');
    expect(await read({}, { ...instance, attempt: 0 })).toBe('');
  });

  it('can be read and written by an agent that starts anew', async () => {
    await write('before\n');
    logs = new PodLogs({ files: diskFiles, clock, logger: silentLogger, directory });
    await write('after\n');
    expect(await read()).toBe('before\nafter\n');
  });
});

describe('following', () => {
  it('gives what comes until the container ends', async () => {
    const writer = await logs.open(instance);
    await writer.write('stdout', Buffer.from('one\n'));
    const stream = logs.read(instance, options({ follow: true }));
    expect(Buffer.from((await stream.next()).value ?? []).toString()).toBe('one\n');
    const next = stream.next();
    void writer.write('stdout', Buffer.from('two\n'));
    expect(Buffer.from((await next).value ?? []).toString()).toBe('two\n');
    const end = stream.next();
    await logs.close(instance);
    expect((await end).done).toBe(true);
  });

  it('ends when the reader goes away', async () => {
    await logs.open(instance);
    const left = new AbortController();
    const next = logs.read(instance, options({ follow: true, signal: left.signal })).next();
    left.abort();
    expect((await next).done).toBe(true);
  });

  it('ends at once for a container that does not run', async () => {
    await write('one\n');
    expect(await read({ follow: true })).toBe('one\n');
  });
});

describe('a writer', () => {
  const limits = { ...logLimits, segmentBytes: 1000, segments: 3 };
  const create = (given: Partial<typeof limits> = {}) =>
    new LogWriter({
      files: diskFiles,
      clock,
      logger: silentLogger,
      directory: join(directory, 'uid/logs/app'),
      attempt: 0,
      limits: { ...limits, ...given },
    });

  it('rotates, keeps the newest segments, and a reader goes through them in order', async () => {
    const writer = create();
    for (let line = 0; line < 200; line++) await writer.write('stdout', Buffer.from(`line ${line}\n`));
    await writer.close();
    const folder = join(directory, 'uid/logs/app');
    expect((await readdir(folder)).length).toBeLessThanOrEqual(3);
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).size).toBeLessThan(10_000);
    expect((await read()).endsWith('line 198\nline 199\n')).toBe(true);
    expect(await read({ tailLines: 3 })).toBe('line 197\nline 198\nline 199\n');
  });

  it('asks to pause when the disk is slower, and drops with a note what comes nevertheless', async () => {
    const writer = create({ pauseBytes: 100, dropBytes: 200, segmentBytes: 1_000_000 });
    const pauses = Array.from({ length: 20 }, () => writer.write('stdout', Buffer.from(`${'x'.repeat(40)}\n`)));
    expect(pauses[0]).toBeUndefined();
    expect(pauses.at(-1)).toBeInstanceOf(Promise);
    await pauses.at(-1);
    await writer.write('stdout', Buffer.from('end\n'));
    await writer.close();
    expect(await read()).toMatch(/\[\d+ bytes of output were dropped: the disk could not keep up\]\nend\n$/);
  });

  it('says once for an outage that the disk takes nothing, and in the log how much is missing', async () => {
    const disk = { isFull: false };
    const errors: string[] = [];
    const writer = new LogWriter({
      files: {
        ...diskFiles,
        append: async (path, content) => {
          if (disk.isFull) throw new Error('ENOSPC');
          await diskFiles.append(path, content);
        },
      },
      clock,
      logger: { ...silentLogger, error: (msg) => errors.push(msg) },
      directory: join(directory, 'uid/logs/app'),
      attempt: 0,
      limits: { ...limits, pauseBytes: 0 },
    });
    for (const isFull of [false, true, true, false, true, false]) {
      disk.isFull = isFull;
      await writer.write('stdout', Buffer.from(isFull ? 'lost\n' : 'kept\n'));
    }
    await writer.close();
    expect(errors).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('cannot be written')));
    expect(await read()).toMatch(/^kept\n\[\d+ bytes .*\]\nkept\n\[\d+ bytes .*\]\nkept\n$/);
  });
});
