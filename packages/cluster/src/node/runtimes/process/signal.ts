/** A process that is gone already is what was wanted. A negative `pid` names a process group. */
export function signalIfRunning(pid: number, signal: string): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
