import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadCommand, LoadOptions, LoadReport } from './protocol.ts';

/** A load that runs in a process of its own. */
export interface Load {
  /** The last report. */
  readonly report: LoadReport;
  /** Bodies that count as right from now on. */
  allow(versions: readonly string[]): void;
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
  isFinal: false,
};

export function startLoad(options: LoadOptions): Load {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL(`./load-process${extname(import.meta.filename)}`, import.meta.url)),
      JSON.stringify(options),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const tell = (command: LoadCommand): void => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
  };
  let report = nothing;
  createInterface({ input: child.stdout }).on('line', (line) => {
    report = JSON.parse(line);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  return {
    get report() {
      return report;
    },
    allow: (versions) => tell({ kind: 'versions', versions }),
    stop: async () => {
      tell({ kind: 'stop' });
      await ended;
      if (!report.isFinal) throw new Error('the load generator ended before its last report');
      return report;
    },
  };
}
