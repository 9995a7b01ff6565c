import { slotOfBackend } from './runtime-state.ts';

/** Open requests by slot, of `show stat -1 2 -1`: CSV with a title, one backend a line. */
export function parseSessionCounts(csv: string): ReadonlyMap<string, number> {
  const [title = '', ...lines] = csv.split('\n');
  const column = title.replace(/^# /, '').split(',').indexOf('scur');
  const counts = new Map<string, number>();
  for (const line of lines) {
    const fields = line.split(',');
    const slot = slotOfBackend(fields[0] ?? '');
    const open = Number(fields[column] ?? 0);
    if (slot !== '' && open > 0) counts.set(slot, (counts.get(slot) ?? 0) + open);
  }
  return counts;
}

export const sessionCountsQuestion = 'show stat -1 2 -1';

/** Process ids of workers that only end what they have, of the master's `show proc`. */
export function parseOldWorkers(text: string): readonly number[] {
  const old = text.split('# old workers')[1]?.split('# programs')[0] ?? '';
  return [...old.matchAll(/^(\d+)\s+worker/gm)].map(([, pid]) => Number(pid));
}

export function addCounts(all: ReadonlyArray<ReadonlyMap<string, number>>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const counts of all) for (const [slot, open] of counts) sums.set(slot, (sums.get(slot) ?? 0) + open);
  return sums;
}
