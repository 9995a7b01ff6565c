import { mkdtemp, rm } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceEntry, startBenchCluster, type BenchClusterOptions } from './cluster.ts';
import { median, rounded, type BenchRow } from './row.ts';

const runs = 7;

/** From the start of the process to ready, with an empty data directory: with a warm compile cache, and the very first run ever. */
export async function benchStart(): Promise<readonly BenchRow[]> {
  const cache = await mkdtemp(join(tmpdir(), 'slipway-bench-cache-'));
  const environment = { NODE_COMPILE_CACHE: cache };
  try {
    const first = await measureStart({ environment });
    const warm = await measureStarts({ environment });
    const fromSources = await measureStarts({ environment, entry: sourceEntry });
    const bare = median(Array.from({ length: runs }, bareNode));
    const reference = `node -e 0: ${rounded(bare, 0)} ms`;
    return [
      {
        figure: 'start to ready, warm compile cache (median)',
        value: rounded(median(warm), 0),
        unit: 'ms',
        target: { atMost: 700 },
        reference,
      },
      {
        figure: 'start to ready, very first run',
        value: rounded(first, 0),
        unit: 'ms',
        target: { atMost: 1_200 },
        reference,
      },
      {
        figure: 'start to ready from sources that nobody built (median)',
        value: rounded(median(fromSources.slice(1)), 0),
        unit: 'ms',
        reference,
      },
    ];
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

/** One after the other. */
async function measureStarts(options: BenchClusterOptions): Promise<readonly number[]> {
  const milliseconds: number[] = [];
  for (let index = 0; index < runs; index++) milliseconds.push(await measureStart(options));
  return milliseconds;
}

async function measureStart(options: BenchClusterOptions): Promise<number> {
  const cluster = await startBenchCluster(options);
  await cluster.stop();
  return cluster.startMilliseconds;
}

function bareNode(): number {
  const startedAt = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - startedAt;
}
