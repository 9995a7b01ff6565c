import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { delay, type Clock } from '@slipway/kube/clock';
import { liftAllScript } from '../../control-groups/group-values.ts';
import { signalIfRunning } from './signal.ts';

/**
 * A process of a container inherits this variable, whatever session or parent it moves to, unless it is started with an
 * environment that leaves it out: one that then leaves its session too cannot be told from any other program.
 */
export const containerMark = 'SLIPWAY_CONTAINER';

const maximumRounds = 200;
const roundMilliseconds = 5;

/**
 * Waits for the end of its input, which comes when the writer closes it or dies in any way, and kills what carries the mark
 * until nothing does: one may start another meanwhile. What holds them back is lifted before, and in the end it removes the control groups, which end with nobody.
 */
const script = `
read -r never
mark="$1=$2"; shift 2
for group; do
  ${liftAllScript}
done 2>/dev/null
for round in 1 2 3 4 5 6 7 8 9 10; do
  found=$(grep -lzs "^$mark" /proc/[0-9]*/environ)
  [ -n "$found" ] || break
  for file in $found; do file=\${file#/proc/}; kill -KILL "\${file%/environ}"; done
done 2>/dev/null
for group; do rmdir "$group"/* "$group" 2>/dev/null; done
`;

/**
 * Outlives this process only long enough to end its containers: without namespaces the kernel would kill no more than
 * their first processes. `prefix` starts the mark of all of them, and `groups` are the
 * directories of their control groups.
 */
export class Undertaker {
  private readonly input: Writable;
  private readonly done: Promise<void>;

  static start(prefix: string, groups: readonly string[]): Undertaker {
    const child = spawn('/bin/sh', ['-c', script, 'sh', containerMark, prefix, ...groups], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const done = new Promise<void>((resolve) => {
      // One that cannot be started leaves containers to their parent-death signal alone.
      child.once('error', () => resolve()).once('exit', () => resolve());
    });
    child.stdin.on('error', () => {});
    child.unref();
    return new Undertaker(child.stdin, done);
  }

  private constructor(input: Writable, done: Promise<void>) {
    this.input = input;
    this.done = done;
  }

  /** Resolves when its work is done: who has stopped a cluster finds nothing of it. */
  stop(): Promise<void> {
    this.input.end();
    return this.done;
  }
}

/** Kills every process of this user that carries the mark, and says how many there were. */
export function killMarked(mark: string): number {
  const marked = findMarked(mark);
  for (const pid of marked) signalIfRunning(pid, 'SIGKILL');
  return marked.length;
}

/** Kills until none is left: one may start another meanwhile, and dying takes a moment. */
export async function endMarked(mark: string, clock: Clock): Promise<void> {
  for (let round = 0; round < maximumRounds && killMarked(mark) > 0; round += 1) {
    await delay(clock, roundMilliseconds);
  }
}

function findMarked(mark: string): readonly number[] {
  const entry = `${containerMark}=${mark}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(entry));
}

/** Empty for a process that has ended (a zombie too) or belongs to someone else. */
function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
