import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** A line of output that only this command gives: when it appears, everything before it has been carried out. */
const fence = 'link show dev lo';
const fencePattern = /^1: lo: .*$/m;

interface Batch {
  readonly commands: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * An `ip -batch` that stays: a change of the network costs two writes to a pipe instead of a process. Started inside new
 * namespaces it is also what keeps them alive, and ends by itself when this process does.
 */
export class IpBatch {
  readonly pid: number;
  /** Resolves when the process has ended, whatever the cause. */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly input: Writable;
  private readonly waiting: Batch[] = [];
  private output = '';
  private hasEnded = false;

  /** `command` ends with the path of `ip`. Rejects when it cannot be started. */
  static start(command: readonly string[]): IpBatch {
    const child = spawn('/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', ...command, '-o', '-force', '-batch', '-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    if (child.pid === undefined) {
      child.on('error', () => {});
      throw new Error('"/bin/sh" cannot be started: the machine is out of processes or memory');
    }
    return new IpBatch(child, { pid: child.pid, input: child.stdin, output: child.stdout });
  }

  private constructor(child: ChildProcess, handles: { pid: number; input: Writable; output: Readable }) {
    this.child = child;
    this.pid = handles.pid;
    this.input = handles.input;
    this.input.on('error', () => {
      // The process has ended; `ended` rejects what waits.
    });
    handles.output.setEncoding('utf8').on('data', (text: string) => this.receive(text));
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        this.fail();
        resolve();
      });
    });
  }

  /** Carries out the commands in order and rejects with what `ip` said if one of them failed. */
  run(commands: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.hasEnded) {
        reject(this.endedError());
        return;
      }
      this.waiting.push({ commands, resolve, reject });
      this.input.write(`${[...commands, fence].join('\n')}\n`);
    });
  }

  /** Ends the process, and with it the namespaces that only it kept. */
  stop(): Promise<void> {
    this.child.kill('SIGKILL');
    return this.ended;
  }

  private receive(text: string): void {
    this.output += text;
    for (let match = fencePattern.exec(this.output); match !== null; match = fencePattern.exec(this.output)) {
      const said = this.output.slice(0, match.index).trim();
      this.output = this.output.slice(match.index + match[0].length).trimStart();
      this.settle(said);
    }
  }

  private settle(said: string): void {
    const batch = this.waiting.shift();
    if (said === '') {
      batch?.resolve();
    } else {
      batch?.reject(new Error(`ip: ${said.replaceAll('\n', '; ')} (in: ${batch.commands.join('; ')})`));
    }
  }

  private fail(): void {
    this.hasEnded = true;
    for (const batch of this.waiting.splice(0)) {
      batch.reject(this.endedError());
    }
  }

  private endedError(): Error {
    return new Error(`the "ip" process ${this.pid} has ended: ${this.output.trim() || 'it was killed'}`);
  }
}
