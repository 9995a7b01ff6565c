import { readdir } from 'node:fs/promises';

export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Since 1970. */
  readonly startedSeconds: number;
  /** Undefined where the system does not tell. */
  readonly openFiles: number | undefined;
}

/** What this process has used, and uses. */
export async function readProcessUsage(): Promise<ProcessUsage> {
  const { user, system } = process.cpuUsage();
  const files = await readdir('/proc/self/fd').catch(() => undefined);
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedSeconds: Date.now() / 1e3 - process.uptime(),
    openFiles: files?.length,
  };
}
