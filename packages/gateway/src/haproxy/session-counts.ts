import { backendsOfSlot, slotOfBackend } from './runtime-state.ts';

/**
 * Asks for what is open to each backend of the slots: a worker, or the master of HAProxy about that process. A question has
 * a bounded length.
 */
export function formatSessionQuestions(slots: readonly string[], pid?: number): readonly string[] {
  const whom = pid === undefined ? '' : `@!${pid} `;
  const questions: string[] = [];
  for (let from = 0; from < slots.length; from += slotsAtOnce) {
    const backends = slots.slice(from, from + slotsAtOnce).flatMap(backendsOfSlot);
    questions.push(backends.map((backend) => `${whom}show stat ${backend} 2 -1`).join(';'));
  }
  return questions;
}

const slotsAtOnce = 100;

/** Open requests by slot, of `show stat`: CSV, one backend a line, with a title for each answer. */
export function parseSessionCounts(csv: string): ReadonlyMap<string, number> {
  const [title = ''] = csv.split('\n', 1);
  const column = title.replace(/^# /, '').split(',').indexOf('scur');
  const lines = csv.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const counts = new Map<string, number>();
  for (const line of lines) {
    const fields = line.split(',');
    const slot = slotOfBackend(fields[0] ?? '');
    const open = Number(fields[column] ?? 0);
    if (slot !== '' && open > 0) counts.set(slot, (counts.get(slot) ?? 0) + open);
  }
  return counts;
}

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
