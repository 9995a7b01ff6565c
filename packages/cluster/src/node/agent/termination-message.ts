import type { Pod } from '@slipway/kube/api.generated';
import type { PodLogs } from '../logs/pod-logs.ts';
import type { ContainerExit } from '../runtime.ts';
import { specOf, type ContainerInstance } from './pod-record.ts';

const maxLines = 80;
const maxBytes = 2048;

export interface MessageSource {
  readonly pod: Pod;
  readonly instance: ContainerInstance;
  readonly logs: PodLogs;
  /** The log has been written to its end. */
  readonly closed: Promise<void>;
}

/** With `terminationMessagePolicy: FallbackToLogsOnError`, the end of a failed container's log: 80 lines or 2048 bytes at most. */
export async function tailOfLog(
  exit: ContainerExit,
  { pod, instance, logs, closed }: MessageSource,
): Promise<string | undefined> {
  const policy = specOf(pod, instance.name)?.terminationMessagePolicy;
  if (exit.exitCode === 0 || policy !== 'FallbackToLogsOnError') return undefined;
  await closed;
  const options = {
    follow: false,
    tailLines: maxLines,
    since: undefined,
    limitBytes: undefined,
    timestamps: false,
    signal: new AbortController().signal,
  };
  let tail = Buffer.alloc(0);
  for await (const block of logs.read(instance, options)) tail = Buffer.concat([tail, block]).subarray(-maxBytes);
  return tail.length === 0 ? undefined : tail.toString();
}
