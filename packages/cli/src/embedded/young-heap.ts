import { maximumRealNodes } from './server-options.ts';

/**
 * The half-spaces where objects begin stay as large as they are. Left to themselves they grow with the work to 64 MB each on
 * large machines, stay so, and are empty nearly all of the time; a server that has just started has 16 MB each, and a
 * controller of its own half of that, which is what they need. `--max-semi-space-size` says as much, but only to a process that starts, and to start another one takes
 * longer than all else. Read when it is called: a start has no time for it.
 */
export async function keepYoungHeap(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * All else is collected when it is four fifths larger than what was alive the last time. Left to itself it quadruples first
 * while work comes in: a server of 10,000 pods held more that was dead than alive. With fewer it is not worth collecting
 * more often.
 */
export function oldHeapFlags(nodes: number): readonly string[] {
  return nodes > maximumRealNodes ? ['--heap-growing-percent=80'] : [];
}

export async function keepOldHeapClose(nodes: number): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  for (const flag of oldHeapFlags(nodes)) setFlagsFromString(flag);
}
