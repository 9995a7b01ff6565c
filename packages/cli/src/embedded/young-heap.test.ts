import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { oldHeapFlags } from './young-heap.ts';

const run = promisify(execFile);

/** How many times as large the young heap of a process is after work of which much survives. */
async function growth(first: string): Promise<number> {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    const size = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
    ${first}
    const before = size();
    let kept = [];
    for (let index = 0; index < 600_000; index++) {
      kept.push({ index, list: [index] });
      if (kept.length > 200_000) kept = kept.slice(150_000);
    }
    console.log(size() / before);
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  return Number(stdout);
}

test('the young heap stays as large as it is, and grows otherwise', async () => {
  const file = new URL('./young-heap.ts', import.meta.url).href;
  const kept = `const { keepYoungHeap } = await import(${JSON.stringify(file)}); await keepYoungHeap();`;
  // The half that is copied to is there only after the first collection.
  expect(await growth(kept)).toBeLessThanOrEqual(2);
  expect(await growth('')).toBeGreaterThan(2);
});

test('the old heap is kept close to what is alive for more nodes than run pods', () => {
  expect([1, 16, 17].map(oldHeapFlags)).toEqual([[], [], ['--heap-growing-percent=80']]);
});
