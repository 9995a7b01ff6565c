import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyConfig } from './build/stage-state.ts';
import { ImageStore } from './image-store.ts';
import { pruneBuildCache } from './prune-cache.ts';
import { parseReference } from './reference.ts';

const hour = 60 * 60_000;
const bounds = { maxSteps: 1, minUnusedMilliseconds: hour };

let directory: string;
let store: ImageStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-images-'));
  store = new ImageStore(directory);
});
afterEach(() => rm(directory, { recursive: true }));

async function layer(content: string): Promise<string> {
  const work = await store.createWorkDirectory();
  await writeFile(join(work, 'file'), content);
  return store.addLayer(work);
}

async function save(layers: readonly string[]): Promise<void> {
  const reference = parseReference('web:1');
  if (reference === undefined) throw new Error('the test names no image');
  await store.save({ config: emptyConfig, layers, onMachineRoot: false, sizeBytes: 0 }, reference);
}

async function names(part: string): Promise<readonly string[]> {
  return (await readdir(join(directory, part))).toSorted();
}

function nameOf(...digests: readonly string[]): readonly string[] {
  return digests.map((digest) => digest.replace('sha256:', '')).toSorted();
}

describe('the cache of builds', () => {
  it('keeps what images are made of, also those that have lost their name, and the steps that were used last', async () => {
    const [old, current, step, forgotten, loose] = [
      await layer('old'),
      await layer('current'),
      await layer('step'),
      await layer('forgotten'),
      await layer('loose'),
    ];
    await save([old]);
    await save([old, current]);
    await store.cacheLayers('forgotten', [old, forgotten]);
    await store.cacheLayers('used', [step]);
    await store.mergeLayers([old, current]);
    await store.mergeLayers([loose]);
    await store.createWorkDirectory();
    await store.findCachedLayers('used');
    await pruneBuildCache(store, { now: Date.now() + 2 * hour, bounds });
    expect(await names('cache')).toEqual(['used']);
    expect(await names('layers')).toEqual(nameOf(old, current, step));
    expect(await names('merged')).toHaveLength(1);
    expect(await names('tmp')).toEqual([]);
    expect(await store.listIds()).toHaveLength(2);
  });

  it('keeps what a build beside it may just be using', async () => {
    const young = await layer('young');
    await store.cacheLayers('one', [young]);
    await store.cacheLayers('two', [young]);
    const loose = await layer('loose');
    await store.createWorkDirectory();
    await pruneBuildCache(store, { now: Date.now() + hour / 2, bounds });
    expect(await names('cache')).toEqual(['one', 'two']);
    expect(await names('layers')).toEqual(nameOf(young, loose));
    expect(await names('tmp')).toHaveLength(1);
  });

  it('is nothing where nothing was built', async () => {
    await pruneBuildCache(store, { now: Date.now(), bounds });
    expect(await readdir(directory)).toEqual([]);
  });
});
