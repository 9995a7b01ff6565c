import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyConfig } from './build/stage-state.ts';
import { ImageStore } from './image-store.ts';
import { pruneImages } from './prune-images.ts';
import { parseReference } from './reference.ts';

const hour = 60 * 60_000;

let directory: string;
let store: ImageStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-images-'));
  store = new ImageStore(directory);
});
afterEach(() => rm(directory, { recursive: true }));

/** Its id. */
async function build(name: string, user: string): Promise<string> {
  const reference = parseReference(name);
  if (reference === undefined) throw new Error(`${name} is no name of an image`);
  const image = { config: { ...emptyConfig, user }, layers: [], onMachineRoot: false, sizeBytes: 0 };
  return (await store.save(image, reference)).id;
}

function prune(milliseconds: number, ...inUse: readonly string[]): Promise<readonly string[]> {
  const now = Date.now() + milliseconds;
  return pruneImages(store, { now, inUse: new Set(inUse), minUnusedMilliseconds: hour });
}

describe('an image', () => {
  it('that has lost its name and is in use by nobody goes', async () => {
    const [first, second, third] = [await build('web:1', 'a'), await build('web:1', 'b'), await build('web:1', 'c')];
    expect(await prune(2 * hour, second)).toEqual([first]);
    expect((await store.listIds()).toSorted()).toEqual([second, third].toSorted());
    expect(await store.get(first)).toBeUndefined();
  });

  it('that has another name stays', async () => {
    const first = await build('web:1', 'a');
    await build('web:old', 'a');
    await build('web:1', 'b');
    expect(await prune(2 * hour)).toEqual([]);
    expect(await store.get(first)).toBeDefined();
  });

  it('that has just lost its name stays for who has found it by that', async () => {
    await build('web:1', 'a');
    await build('web:1', 'b');
    expect(await prune(hour / 2)).toEqual([]);
    expect(await store.listIds()).toHaveLength(2);
  });
});
