import type { Readable, Writable } from 'node:stream';
import type { Clock } from '@slipway/kube/clock';
import type { ContainerRequest, OutputListener, TerminalSize } from '../../runtime.ts';
import type { StandardStreams } from './standard-streams.ts';
import { openInputPipe, type InputPipe } from './input-pipe.ts';
import { endOfOutput, writersOf, type Output, type OutputPipes } from './output-pipes.ts';
import { openTerminal } from './terminal.ts';

/** What a container's first process reads and writes. */
export interface Console {
  /** For the process. */
  readonly streams: StandardStreams;
  /** Undefined if the container asks for no input. */
  readonly stdin: Writable | undefined;
  /** Resolves when nobody can write any more and all of it has been read. */
  readonly ended: Promise<void>;
  /**
   * From now on, beside its log; the first who soon listens to a program that has an input gets how it began too. Gives what
   * ends it.
   */
  listen(listener: OutputListener): () => void;
  resize(size: TerminalSize): void;
  close(): void;
}

type ConsoleRequest = Pick<ContainerRequest, 'stdin' | 'tty' | 'onOutput'> & { readonly clock: Clock };

export function openConsole(request: ConsoleRequest, pipes: OutputPipes): Promise<Console> {
  return request.tty ? Promise.resolve(openTerminalConsole(request)) : openPipedConsole(request, pipes);
}

async function openPipedConsole(request: ConsoleRequest, pipes: OutputPipes): Promise<Console> {
  const output = await pipes.take();
  return consoleOf(output, request, request.stdin === true ? await openInputPipe() : undefined);
}

export function consoleOf(
  output: Output,
  { onOutput, clock }: Pick<ConsoleRequest, 'onOutput' | 'clock'>,
  input: InputPipe | undefined,
): Console {
  // A program that reads no more is no fault of whoever writes to it.
  input?.writer.on('error', () => {});
  const listeners = new Set([onOutput]);
  const beginning = input === undefined ? undefined : new Beginning(listeners, clock);
  forward(output.stdout.reader, 'stdout', listeners);
  forward(output.stderr.reader, 'stderr', listeners);
  return {
    streams: writersOf(output, input),
    stdin: input?.writer,
    ended: endOfOutput(output),
    listen: (listener) => added(listeners, { listener, beginning }),
    resize: () => {},
    close: () => {
      beginning?.forget();
      input?.writer.destroy();
    },
  };
}

function openTerminalConsole({ stdin, onOutput, clock }: ConsoleRequest): Console {
  const terminal = openTerminal();
  const listeners = new Set([onOutput]);
  const beginning = stdin === true ? new Beginning(listeners, clock) : undefined;
  forward(terminal.output, 'stdout', listeners);
  return {
    streams: terminal.streams,
    stdin: stdin === true ? terminal.input : undefined,
    ended: new Promise((resolve) => {
      terminal.output.once('close', resolve);
    }),
    listen: (listener) => added(listeners, { listener, beginning }),
    resize: (size) => terminal.resize(size),
    close: () => {
      beginning?.forget();
      terminal.close();
    },
  };
}

const keptBytes = 65_536;
/** Who runs a program to see what it says attaches to it once it runs; who comes later wants to see what it says then. */
const keptMilliseconds = 60_000;

/**
 * What a program says before anybody attaches: `kubectl run -i` and `kubectl debug -i` attach once it runs, when a short one may
 * have said all. Nothing of one that has said more, for which nobody has waited.
 */
class Beginning {
  readonly #listeners: Set<OutputListener>;
  readonly #cancel: () => void;
  #kept: Parameters<OutputListener>[] = [];
  #size = 0;

  constructor(listeners: Set<OutputListener>, clock: Clock) {
    this.#listeners = listeners;
    listeners.add(this.#keep);
    this.#cancel = clock.schedule(keptMilliseconds, () => this.forget());
  }

  /** Once. */
  tell(listener: OutputListener): void {
    for (const [name, chunk] of this.#kept) void listener(name, chunk);
    this.forget();
  }

  forget(): void {
    this.#cancel();
    this.#listeners.delete(this.#keep);
    this.#kept = [];
  }

  readonly #keep: OutputListener = (name, chunk) => {
    this.#kept.push([name, chunk]);
    this.#size += chunk.length;
    if (this.#size > keptBytes) this.forget();
    return undefined;
  };
}

function added(
  listeners: Set<OutputListener>,
  { listener, beginning }: { readonly listener: OutputListener; readonly beginning: Beginning | undefined },
): () => void {
  beginning?.tell(listener);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** Passes output on and lets the process wait while a listener has no room. */
function forward(stream: Readable, name: 'stdout' | 'stderr', listeners: ReadonlySet<OutputListener>): void {
  stream.on('data', (chunk: Uint8Array) => {
    const waits = [...listeners].map((listen) => listen(name, chunk)).filter((room) => room !== undefined);
    if (waits.length === 0) return;
    stream.pause();
    void Promise.allSettled(waits).then(() => stream.resume());
  });
}
