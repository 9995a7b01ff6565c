import { fold, table } from '../output/output.ts';
import type { DemoResult } from './verdict.ts';

/** What the demo shows in the end. */
export function summarize({ releases, load }: Pick<DemoResult, 'releases' | 'load'>): readonly string[] {
  const rows = releases.map(({ spec, status }) => [
    spec.version,
    status?.phase ?? 'Pending',
    between(status?.startedAt, status?.finishedAt),
    status?.phase === 'Succeeded' ? between(status.healthyAt, status.trafficMovedAt) : '-',
  ]);
  const versions = Object.entries(load.byVersion).map(([version, count]) => `${count} by ${version}`);
  return [
    table(['VERSION', 'OUTCOME', 'DURATION', 'HEALTHY TO ALL TRAFFIC'], rows),
    '',
    ...releases.flatMap(({ spec, status }) =>
      status?.ending === undefined
        ? []
        : [`${spec.version} ended${' '.repeat(Math.max(1, 5 - spec.version.length))}${fold(status.ending.reason, 11)}`],
    ),
    `Requests   ${load.sent} sent, ${load.failed} failed (${versions.join(', ')})`,
    `Latency    half within ${load.p50.toFixed(1)} ms of their intended start, 99 % within ${load.p99.toFixed(1)} ms`,
    ...load.failures.map(({ at, reason }) => `Failed     after ${at} ms: ${reason}`),
  ];
}

/** `0.142 s`, or a dash where one of the two has not come. */
function between(start: string | undefined, end: string | undefined): string {
  return start === undefined || end === undefined
    ? '-'
    : `${((Date.parse(end) - Date.parse(start)) / 1_000).toFixed(3)} s`;
}
