import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadCommand, LoadOptions, LoadReport } from './protocol.ts';

/** A load that runs in a process of its own. */
export interface Load {
  /** The last report. */
  readonly report: LoadReport;
  /** Bodies that count as right from when it resolves. */
  allow(versions: readonly string[]): Promise<void>;
  /** Sends no more, waits for what is under way, and gives the final report. */
  stop(): Promise<LoadReport>;
}

const nothing: LoadReport = {
  sent: 0,
  succeeded: 0,
  failed: 0,
  byVersion: {},
  lastSent: {},
  p50: 0,
  p99: 0,
  failures: [],
  commands: 0,
  isFinal: false,
};

export function startLoad(options: LoadOptions): Load {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(`./load-process${extname(import.meta.url)}`, import.meta.url)), JSON.stringify(options)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let told = 0;
  const tell = (command: LoadCommand): void => {
    told += 1;
    child.stdin.write(`${JSON.stringify(command)}\n`);
  };
  let report = nothing;
  const waiting = new Map<number, () => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next: LoadReport = JSON.parse(line);
    report = next;
    for (const [command, obeyed] of waiting) if (command <= next.commands) obeyed();
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  return {
    get report() {
      return report;
    },
    allow: async (versions) => {
      tell({ kind: 'versions', versions });
      const command = told;
      const obeyed = new Promise<void>((resolve) => waiting.set(command, resolve));
      await Promise.race([obeyed, ended]);
      waiting.delete(command);
    },
    stop: async () => {
      tell({ kind: 'stop' });
      await ended;
      if (!report.isFinal) throw new Error('the load generator ended before its last report');
      return report;
    },
  };
}
