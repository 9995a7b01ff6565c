import { randomBytes } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecordingLogger } from '../../../kube/testing/recording-logger.ts';
import { describeStoreContract } from '../../testing/store-contract.ts';
import { openStore } from './open-store.ts';
import type { Store } from './store.ts';

const writerProgram = join(import.meta.dirname, '../../testing/store-writer.ts');

let root: string;
let fresh = 0;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-store-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const open = (directory: string): Promise<Store> => openStore({ directory, clock: systemClock });

describeStoreContract('durable store', () => open(join(root, `contract-${fresh++}`)));
describeStoreContract('ephemeral store', () =>
  openStore({ directory: join(root, `ephemeral-${fresh++}`), ephemeral: true, clock: systemClock }),
);

async function fill(directory: string, count: number): Promise<number> {
  const store = await open(directory);
  const text = 'x'.repeat(1_500);
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      store.write({
        key: `/test/items/a/${index}`,
        expected: 0,
        encode: (revision) => JSON.stringify({ revision, text }),
      }),
    ),
  );
  const { revision } = store;
  await store.close();
  return revision;
}

describe('opening again', () => {
  test('finds everything, and revisions go on even after deletions', async () => {
    const directory = join(root, 'again');
    const first = await open(directory);
    await first.write({ key: '/k', expected: 0, encode: () => '{"ü":"✓"}' });
    await first.write({ key: '/l', expected: 0, encode: () => '{}' });
    await first.write({ key: '/l', expected: 2, encode: undefined });
    await first.close();
    const second = await open(directory);
    expect(second.revision).toBe(3);
    expect(second.list('/')).toEqual([{ key: '/k', value: '{"ü":"✓"}', revision: 1 }]);
    expect(await second.write({ key: '/m', expected: 0, encode: () => '{}' })).toBe(4);
    await second.close();
  });

  test('finds everything where the format is missing, which is written last', async () => {
    const directory = join(root, 'again');
    const revision = await fill(directory, 50);
    unlinkSync(join(directory, 'format.json'));
    const store = await open(directory);
    expect({ count: store.count('/'), revision: store.revision }).toEqual({ count: 50, revision });
    await store.close();
    expect(JSON.parse(readFileSync(join(directory, 'format.json'), 'utf8'))).toEqual({ format: 3 });
  });

  test('clears away what was to become a snapshot', async () => {
    const directory = join(root, 'draft');
    await fill(directory, 1);
    writeFileSync(join(directory, 'objects.snapshot.new'), 'slipway');
    const store = await open(directory);
    expect(readdirSync(directory)).not.toContain('objects.snapshot.new');
    await store.close();
  });

  test('keeps nothing of an ephemeral store', async () => {
    const directory = join(root, 'ephemeral');
    const store = await openStore({ directory, ephemeral: true, clock: systemClock });
    await store.write({ key: '/k', expected: 0, encode: () => '{}' });
    await store.close();
    expect(readdirSync(directory).filter((name) => !name.startsWith('owner.'))).toEqual([]);
  });

  test('loads 5,000 objects in well under the time that a person notices', async () => {
    const directory = join(root, 'many');
    await fill(directory, 5_000);
    const before = process.cpuUsage();
    const store = await open(directory);
    // Not by the clock: others use the machine too.
    const used = process.cpuUsage(before);
    expect(store.count('/test/items/')).toBe(5_000);
    await store.close();
    expect((used.user + used.system) / 1_000).toBeLessThan(1_000);
  });
});

describe('ownership', () => {
  test('a second opening names the owner', async () => {
    const directory = join(root, 'owned');
    const store = await open(directory);
    await expect(open(directory)).rejects.toMatchObject({ reason: 'inUse', ownerPid: process.pid });
    await store.close();
    const next = await open(directory);
    await next.close();
  });

  test('a killed owner, or one whose pid belongs to another process now, does not count', async () => {
    const directory = join(root, 'killed');
    const writer = spawn(process.execPath, [writerProgram, directory, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(writer.stdout, 'data');
    await expect(open(directory)).rejects.toThrow(`in use by process ${writer.pid}`);
    writer.kill('SIGKILL');
    await once(writer, 'close');
    const store = await open(directory);
    await store.close();
    const owner = readdirSync(directory).find((name) => /^owner\.\d+$/.test(name)) ?? '';
    const path = join(directory, owner);
    const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...Object(record), state: 'held', startTime: '1' }));
    const again = await open(directory);
    await again.close();
  });
});

describe('a directory that is not in order is refused and left as it was', () => {
  const snapshot = (directory: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(directory)
        .filter((name) => !name.startsWith('owner.'))
        .map((name) => [name, readFileSync(join(directory, name), 'base64')]),
    );
  const cases: { name: string; reason: string; damage(directory: string): void }[] = [
    {
      name: 'a snapshot cut in half',
      reason: 'damaged',
      damage: (d) =>
        truncateSync(join(d, 'objects.snapshot'), Math.floor(statSync(join(d, 'objects.snapshot')).size / 2)),
    },
    {
      name: 'a snapshot without its last page',
      reason: 'damaged',
      damage: (d) => truncateSync(join(d, 'objects.snapshot'), statSync(join(d, 'objects.snapshot')).size - 4_096),
    },
    {
      name: 'a snapshot with zeros in its middle',
      reason: 'damaged',
      damage: (d) => overwrite(join(d, 'objects.snapshot'), Buffer.alloc(100_000)),
    },
    {
      name: 'a snapshot with noise in its middle',
      reason: 'damaged',
      damage: (d) => overwrite(join(d, 'objects.snapshot'), randomBytes(100_000)),
    },
    {
      name: 'a snapshot of other bytes',
      reason: 'damaged',
      damage: (d) => writeFileSync(join(d, 'objects.snapshot'), Buffer.alloc(100_000, 'no')),
    },
    {
      name: 'a snapshot that was cut to nothing',
      reason: 'damaged',
      damage: (d) => truncateSync(join(d, 'objects.snapshot'), 0),
    },
    { name: 'a missing snapshot', reason: 'damaged', damage: (d) => unlinkSync(join(d, 'objects.snapshot')) },
    { name: 'a missing log', reason: 'damaged', damage: (d) => unlinkSync(join(d, 'changes-b.log')) },
    { name: 'a changed value', reason: 'damaged', damage: (d) => changeText(join(d, 'objects.snapshot')) },
    { name: 'an unreadable format', reason: 'damaged', damage: (d) => writeFileSync(join(d, 'format.json'), '{') },
    {
      name: 'an older format',
      reason: 'olderFormat',
      damage: (d) => writeFileSync(join(d, 'format.json'), '{"format":2}'),
    },
    {
      name: 'a newer format',
      reason: 'newerFormat',
      damage: (d) => writeFileSync(join(d, 'format.json'), '{"format":99}'),
    },
  ];
  test.for(cases)('$name', async ({ reason, damage }) => {
    const directory = join(root, 'damaged');
    await fill(directory, 50);
    damage(directory);
    const before = snapshot(directory);
    await expect(open(directory)).rejects.toMatchObject({ name: 'StoreOpenError', reason });
    expect(snapshot(directory)).toEqual(before);
  });

  test('and says what to do', async () => {
    const directory = join(root, 'told');
    await fill(directory, 1);
    unlinkSync(join(directory, 'objects.snapshot'));
    await expect(open(directory)).rejects.toThrow(
      'objects.snapshot is damaged: the file is missing; nothing was changed. Restore the directory from a copy, or start with another data directory',
    );
  });

  test('and names the file that is damaged, once', async () => {
    const directory = join(root, 'cut');
    await fill(directory, 1);
    truncateSync(join(directory, 'objects.snapshot'), 10);
    await expect(open(directory)).rejects.toThrow(
      `${join(directory, 'objects.snapshot')} is damaged: it ends at byte 10, before its end; nothing was changed.`,
    );
  });

  test('a folder with other files', async () => {
    const directory = join(root, 'other');
    mkdirSync(directory);
    writeFileSync(join(directory, 'thesis.txt'), 'mine');
    await expect(open(directory)).rejects.toThrow('holds thesis.txt');
    expect(readdirSync(directory)).toEqual(['thesis.txt']);
  });

  function overwrite(path: string, noise: Buffer): void {
    const bytes = readFileSync(path);
    noise.copy(bytes, 20_000);
    writeFileSync(path, bytes);
  }

  function changeText(path: string): void {
    const bytes = readFileSync(path);
    bytes.write('y', bytes.lastIndexOf('xxxx'));
    writeFileSync(path, bytes);
  }
});

interface Acknowledged {
  readonly revision: number;
  readonly size: string;
}

interface Killed {
  /** Newest by key. */
  readonly acknowledged: Map<string, Acknowledged>;
  /** Writes that were refused because the disk was full. */
  readonly refused: number;
}

/** Runs a writer, kills it in the middle of more work when it has been told enough, and returns what it was told. */
async function writeAndKill(
  directory: string,
  { run, keys = 20, times = 1 }: { readonly run: number; readonly keys?: number; readonly times?: number },
  isEnough: (lines: readonly string[]) => boolean,
): Promise<Killed> {
  const writer = spawn(process.execPath, [writerProgram, directory, ...[run, keys, times].map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  writer.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    output += chunk;
    // The first line says that it has begun, and the last may not be whole.
    if (output !== '' && isEnough(output.split('\n').slice(1, -1))) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  expect(writer.signalCode).toBe('SIGKILL');
  const acknowledged = new Map<string, Acknowledged>();
  let refused = 0;
  // The last line may be cut off by the kill.
  for (const line of output.split('\n').slice(1, -1)) {
    if (line === 'unavailable') {
      refused++;
      continue;
    }
    const [key = '', revision = '', size = ''] = line.split(' ');
    acknowledged.set(key, { revision: Number(revision), size });
  }
  return { acknowledged, refused };
}

/** Opens what a killed writer left, finds in it all that was acknowledged and nothing half-written, and returns its revision. */
async function revisionOfWhole(directory: string, acknowledged: Map<string, Acknowledged>): Promise<number> {
  const store = await open(directory);
  const lost = [...acknowledged].filter(([key, write]) => !isKept(store, key, write));
  expect(lost).toEqual([]);
  for (const object of store.list('/')) expect(JSON.parse(object.value)).toMatchObject({ revision: object.revision });
  const { revision } = store;
  await store.close();
  return revision;
}

/** Whether the write, or a later one that was under way when the writer was killed, is what the store holds. */
function isKept(store: Store, key: string, { revision, size }: Acknowledged): boolean {
  const object = store.get(key);
  if (object === undefined) return size === 'deleted' ? store.revision >= revision : store.revision > revision;
  if (object.revision !== revision) return object.revision > revision;
  return object.value === JSON.stringify({ revision, text: 'x'.repeat(Number(size)) });
}

describe('killed under load', () => {
  test('keeps every acknowledged write, nothing half-written, and never goes back', { timeout: 120_000 }, async () => {
    const directory = join(root, 'crash');
    let lastRevision = 0;
    let writes = 0;
    for (let run = 0; run < 30; run++) {
      const { acknowledged } = await writeAndKill(directory, { run }, (lines) => lines.length >= (run * 13) % 60);
      writes += acknowledged.size;
      const revision = await revisionOfWhole(directory, acknowledged);
      expect(revision).toBeGreaterThanOrEqual(lastRevision);
      lastRevision = revision;
    }
    expect(writes).toBeGreaterThan(300);
  });
});

describe('on a full disk', () => {
  test('writes fail with a clear error, nothing acknowledged is lost, and it goes on when there is room', async (context) => {
    const directory = join(root, 'small');
    mkdirSync(directory);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory]);
    if (mounted.status !== 0) context.skip('mounting a small tmpfs needs the rights of root');
    try {
      const kept = await fillTheDisk(join(directory, 'store'), join(directory, 'ballast'));
      expect(kept).toBeGreaterThan(1);
    } finally {
      spawnSync('umount', ['--lazy', directory]);
    }
  });

  test(
    'a kill amid writes that fail and writes that succeed loses none of those',
    { timeout: 120_000 },
    async (context) => {
      const directory = join(root, 'small');
      mkdirSync(directory);
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', directory]);
      if (mounted.status !== 0) context.skip('mounting a small tmpfs needs the rights of root');
      try {
        const { writes, refused } = await killOnFullDisk(directory);
        expect(writes).toBeGreaterThan(10);
        expect(refused).toBeGreaterThan(10);
      } finally {
        spawnSync('umount', ['--lazy', directory]);
      }
    },
  );

  async function killOnFullDisk(disk: string): Promise<{ readonly writes: number; readonly refused: number }> {
    const directory = join(disk, 'store');
    const ballast = join(disk, 'ballast');
    const room = 300_000;
    const sum = { writes: 0, refused: 0 };
    let lastRevision = 0;
    for (let run = 0; run < 10; run++) {
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(ballast, Buffer.alloc(Math.max(bavail * bsize - room, 0)));
      const isEnough = (lines: readonly string[]): boolean =>
        lines.filter((line) => line === 'unavailable').length > run;
      const { acknowledged, refused } = await writeAndKill(directory, { run, keys: 1_000, times: 10 }, isEnough);
      unlinkSync(ballast);
      sum.writes += acknowledged.size;
      sum.refused += refused;
      const revision = await revisionOfWhole(directory, acknowledged);
      expect(revision).toBeGreaterThanOrEqual(lastRevision);
      lastRevision = revision;
    }
    return sum;
  }

  /** Returns how many writes were kept. */
  async function fillTheDisk(directory: string, ballast: string): Promise<number> {
    writeFileSync(ballast, Buffer.alloc(2_500_000));
    const logger = new RecordingLogger();
    const store = await openStore({ directory, clock: systemClock, logger });
    const events: number[] = [];
    store.watch('/', 0, (event) => events.push(event.revision));
    const write = (index: number): Promise<number> =>
      store.write({
        key: `/k/${index}`,
        expected: 0,
        encode: (revision) => JSON.stringify({ revision, text: 'x'.repeat(20_000) }),
      });
    const acknowledged: number[] = [];
    let failure: unknown;
    for (let index = 0; index < 1_000; index++) {
      const [result] = await Promise.allSettled([write(index)]);
      if (result.status === 'rejected') {
        failure = result.reason;
        break;
      }
      acknowledged.push(index);
    }
    expect(failure).toMatchObject({ name: 'StoreUnavailable', message: expect.stringContaining('the disk is full') });
    expect(logger.lines).toContainEqual({
      level: 'warn',
      msg: 'the log took no more changes, and all that is stored becomes a snapshot',
      fields: { error: expect.objectContaining({ code: 'ENOSPC' }) },
    });
    const heard: string[] = [];
    setImmediate(() => heard.push('others'));
    let asked = 0;
    for (; heard.length === 0 && asked < 1_000; asked++) await Promise.allSettled([write(4_000)]);
    expect(asked).toBeLessThan(10);
    const batch = await Promise.allSettled([write(5_000), write(5_001), write(5_002)]);
    for (const result of batch) expect(result).toMatchObject({ reason: { name: 'StoreUnavailable' } });
    expect(store.count('/k/')).toBe(acknowledged.length);
    unlinkSync(ballast);
    acknowledged.push(6_000);
    await write(6_000);
    const { revision } = store;
    await store.close();
    expect(events).toEqual(Array.from({ length: revision }, (_, index) => index + 1));
    const again = await open(directory);
    expect(again.revision).toBe(revision);
    expect(again.list('/k/').map((object) => object.key)).toEqual(acknowledged.map((index) => `/k/${index}`).sort());
    await again.close();
    return acknowledged.length;
  }
});
