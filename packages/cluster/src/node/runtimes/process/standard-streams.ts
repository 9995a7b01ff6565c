/** Descriptors for a process, which this process closes once it has been started. */
export interface StandardStreams {
  readonly stdin: 'ignore' | number;
  readonly stdout: number;
  readonly stderr: number;
  close(): void;
}
