/**
 * What a container leaves behind in words: the file at its terminationMessagePath, or with `FallbackToLogsOnError` the end of
 * its log. https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */
import { dirname, join } from 'node:path';
import type { Container, Pod } from '@slipway/kube/api.generated';
import type { Files } from '../files.ts';
import type { PodLogs } from '../logs/pod-logs.ts';
import type { ContainerExit, Mount } from '../runtime.ts';
import { containerSpecs, specOf, type ContainerInstance } from './pod-record.ts';

/** Of a file; of all containers of a pod together. */
const maxFileBytes = 4096;
const maxPodBytes = 12 * 1024;
/** Of the log. */
const maxLines = 80;
const maxTailBytes = 2048;

export interface EndedInstance {
  readonly pod: Pod;
  readonly instance: ContainerInstance;
  /** The log has been written to its end. */
  readonly logClosed: Promise<void>;
}

export interface TerminationMessagesOptions {
  readonly files: Files;
  readonly logs: PodLogs;
  /** Holds a folder a pod. On disk: containers may write any amount, and only the beginning is read. */
  readonly directory: string;
}

export class TerminationMessages {
  readonly #options: TerminationMessagesOptions;

  constructor(options: TerminationMessagesOptions) {
    this.#options = options;
  }

  /** An empty file for a new instance, which anybody in the container may write. None if the container has no path for it. */
  async mountsOf({ terminationMessagePath = '' }: Container, instance: ContainerInstance): Promise<readonly Mount[]> {
    const { files } = this.#options;
    if (terminationMessagePath === '' || files.discards) return [];
    const hostPath = this.#pathOf(instance);
    await files.makeDirectory(dirname(hostPath));
    await files.writeFile(hostPath, new Uint8Array(), 0o666);
    return [{ hostPath, containerPath: terminationMessagePath, readOnly: false }];
  }

  /** Undefined if the instance has said nothing. Its file is removed. */
  async take(exit: ContainerExit, ended: EndedInstance): Promise<string | undefined> {
    const { files } = this.#options;
    const containers = containerSpecs(ended.pod).length;
    const limit = Math.min(maxFileBytes, Math.floor(maxPodBytes / Math.max(1, containers)));
    const path = this.#pathOf(ended.instance);
    const content = Buffer.from(await files.read(path, 0, limit));
    await files.remove(path);
    if (content.length > 0) return content.toString();
    const policy = specOf(ended.pod, ended.instance.name)?.terminationMessagePolicy;
    return exit.exitCode === 0 || policy !== 'FallbackToLogsOnError' ? undefined : this.#tailOfLog(ended);
  }

  async #tailOfLog({ instance, logClosed }: EndedInstance): Promise<string | undefined> {
    await logClosed;
    const options = {
      follow: false,
      tailLines: maxLines,
      since: undefined,
      limitBytes: undefined,
      timestamps: false,
      signal: new AbortController().signal,
    };
    let tail = Buffer.alloc(0);
    for await (const block of this.#options.logs.read(instance, options)) {
      tail = Buffer.concat([tail, block]).subarray(-maxTailBytes);
    }
    return tail.length === 0 ? undefined : tail.toString();
  }

  #pathOf({ podUid, name, attempt }: ContainerInstance): string {
    return join(this.#options.directory, podUid, 'containers', name, String(attempt));
  }
}
