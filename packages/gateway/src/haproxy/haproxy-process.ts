import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Clock, delay } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { askHaproxy, RuntimeApiError } from './runtime-api.ts';
import type { WorkDirectory } from './work-directory.ts';

const run = promisify(execFile);

export interface HaproxyProcessOptions {
  readonly program: string;
  readonly directory: WorkDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It ended without being told to. */
  readonly onUnexpectedExit: () => void;
}

const setpriv = '/usr/bin/setpriv';
const lookMilliseconds = 10;
const maxStartMilliseconds = 10_000;
const maxOutputBytes = 4_096;

/** HAProxy did not start with a configuration, or would not. */
export class HaproxyStartError extends Error {
  override readonly name = 'HaproxyStartError';
}

/** HAProxy's master and, through it, its workers. */
export class HaproxyProcess {
  readonly #options: HaproxyProcessOptions;
  #child: ChildProcess | undefined;
  #output = '';
  #isStopping = false;

  constructor(options: HaproxyProcessOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves when the worker of that number serves by the configuration that was written. */
  async start(worker: number): Promise<void> {
    await this.#check();
    if (this.#isStopping) throw new HaproxyStartError('HAProxy was ended before it served');
    if (this.#child === undefined) await this.#spawn();
    else this.#child.kill('SIGUSR2');
    await this.#workerAnswers(worker);
  }

  /** Ends what an earlier process of ours left when it was killed: it holds the ports, and routes by what was. */
  async endLeftover(): Promise<void> {
    const { directory, clock } = this.#options;
    const pid = await directory.findLeftover();
    if (pid === undefined) return;
    process.kill(pid, 'SIGTERM');
    while ((await directory.findLeftover()) !== undefined) await delay(clock, lookMilliseconds);
  }

  /** No new connections; open requests go on. */
  stopListening(): void {
    this.#isStopping = true;
    this.#child?.kill('SIGUSR1');
  }

  async end(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  /** It is of no use any more: `onUnexpectedExit` follows. */
  kill(): void {
    this.#child?.kill('SIGTERM');
  }

  askMaster(question: string): Promise<string> {
    return askHaproxy(this.#options.directory.masterSocket, question);
  }

  async #check(): Promise<void> {
    const { program, directory } = this.#options;
    try {
      await run(program, ['-c', '-q', '-f', directory.config], { env: {}, timeout: maxStartMilliseconds });
    } catch (error) {
      const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
      throw new HaproxyStartError(`HAProxy refuses its configuration: ${output.slice(-maxOutputBytes)}`, {
        cause: error,
      });
    }
  }

  async #spawn(): Promise<void> {
    const { program, directory, logger } = this.#options;
    const own = [program, '-W', '-S', `${directory.masterSocket},mode,600`, '-f', directory.config];
    // Without this process nobody tells it anything any more, so it ends with it, however that ends.
    const [file = program, ...args] = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'TERM', ...own] : own;
    const child = spawn(file, args, { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    this.#output = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      this.#output = (this.#output + piece).slice(-maxOutputBytes);
      logger.debug('HAProxy says', { output: piece.trimEnd() });
    });
    child.on('error', (error) => logger.error('could not run HAProxy', { program, error }));
    child.on('exit', (code, signal) => this.#onExit(child, code ?? signal));
    if (child.pid !== undefined) await directory.writePid(child.pid);
  }

  #onExit(child: ChildProcess, outcome: number | string | null): void {
    if (this.#child === child) this.#child = undefined;
    if (this.#isStopping) return;
    this.#options.logger.warn('HAProxy ended', { outcome, output: this.#output.slice(-500) });
    this.#options.onUnexpectedExit();
  }

  /** A worker's socket answers once it serves. */
  async #workerAnswers(worker: number): Promise<void> {
    const { clock, directory } = this.#options;
    const { commands } = directory.places(worker);
    const deadline = clock.monotonic() + maxStartMilliseconds;
    for (;;) {
      if (this.#child === undefined) throw new HaproxyStartError(`HAProxy did not start: ${this.#output}`);
      const pid = await pidOf(commands, 'show info');
      // The master listens a little later than its worker, and what former workers still carry is asked through it.
      if (pid !== undefined && (await pidOf(directory.masterSocket, `@!${pid} show info`)) === pid) return;
      if (clock.monotonic() > deadline)
        throw new HaproxyStartError(`HAProxy did not serve within ${maxStartMilliseconds / 1_000} s: ${this.#output}`);
      await delay(clock, lookMilliseconds);
    }
  }
}

/** Undefined: nobody is there yet, and the next look decides. */
async function pidOf(socketPath: string, question: string): Promise<number | undefined> {
  try {
    const [, pid] = /^Pid: (\d+)$/m.exec(await askHaproxy(socketPath, question)) ?? [];
    return pid === undefined ? undefined : Number(pid);
  } catch (error) {
    if (error instanceof RuntimeApiError) return undefined;
    throw error;
  }
}
