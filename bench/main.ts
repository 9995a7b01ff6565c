/**
 * Measures what the project promises and prints each figure beside its reference from the same run.
 *
 *     npm run bench                     everything
 *     npm run bench -- start proxy      these only
 *     npm run bench -- fleet=100        with so many, where there is a number
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describeTarget, judge, type BenchRow } from './row.ts';

const benches: Readonly<Record<string, (count?: number) => Promise<readonly BenchRow[]>>> = {
  start: async () => (await import('./start.ts')).benchStart(),
  restart: async (count) => (await import('./restart.ts')).benchRestart(count),
  apply: async () => (await import('./apply.ts')).benchApply(),
  api: async () => (await import('./api.ts')).benchApi(),
  pods: async () => (await import('./pods.ts')).benchPods(),
  dns: async () => (await import('./dns.ts')).benchDns(),
  nodes: async (count) => (await import('./nodes.ts')).benchNodes(count),
  memory: async () => (await import('./memory.ts')).benchMemory(),
  proxy: async () => (await import('./proxy.ts')).benchProxy(),
  releases: async () => (await import('./releases.ts')).benchReleases(),
  readers: async (count) => (await import('./readers.ts')).benchReaders(count),
  dashboard: async () => (await import('./dashboard.ts')).benchDashboard(),
  fleet: async (count) => (await import('./fleet.ts')).benchFleet(count),
};

const chosen = new Map(
  process.argv.slice(2).map((word) => {
    const [name = '', count] = word.split('=');
    return [name, count === undefined ? undefined : Number(count)];
  }),
);
const unknown = [...chosen.keys()].filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`there is no bench named ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

const wrong = [...chosen].find(([, count]) => count !== undefined && !(Number.isInteger(count) && count > 0));
if (wrong !== undefined) {
  console.error(`${wrong[0]} takes a number from 1 on, as in ${wrong[0]}=100`);
  process.exit(2);
}

// What is measured is what is published.
execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build.ts', import.meta.url))], { stdio: 'inherit' });

const rows: BenchRow[] = [];
for (const [name, run] of Object.entries(benches)) {
  if (chosen.size > 0 && !chosen.has(name)) continue;
  console.error(`measuring ${name} ...`);
  rows.push(...(await run(chosen.get(name))));
}

const machine = {
  node: process.version,
  kernel: release(),
  cores: cpus().length,
  cpu: cpus()[0]?.model,
  memoryBytes: totalmem(),
};
await mkdir(new URL('results/', import.meta.url), { recursive: true });
const report = new URL('results/latest.json', import.meta.url);
await writeFile(
  report,
  `${JSON.stringify({ machine, rows: rows.map((row) => ({ ...row, verdict: judge(row) })) }, null, 2)}\n`,
);

const cells = rows.map((row) => [
  row.figure,
  `${row.value} ${row.unit}`,
  describeTarget(row),
  judge(row),
  row.reference,
]);
const header = ['figure', 'measured', 'target', 'verdict', 'reference'];
const widths = header.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
for (const row of [header, ...cells])
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
if (rows.some((row) => judge(row) === 'missed')) process.exitCode = 1;
