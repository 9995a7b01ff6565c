import type { Readable, Writable } from 'node:stream';
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
  /** From now on, beside its log. Gives what ends it. */
  listen(listener: OutputListener): () => void;
  resize(size: TerminalSize): void;
  close(): void;
}

type ConsoleRequest = Pick<ContainerRequest, 'stdin' | 'tty' | 'onOutput'>;

export function openConsole(request: ConsoleRequest, pipes: OutputPipes): Promise<Console> {
  return request.tty ? Promise.resolve(openTerminalConsole(request)) : openPipedConsole(request, pipes);
}

async function openPipedConsole(request: ConsoleRequest, pipes: OutputPipes): Promise<Console> {
  const output = await pipes.take();
  return consoleOf(output, request, request.stdin === true ? await openInputPipe() : undefined);
}

export function consoleOf(
  output: Output,
  { onOutput }: Pick<ConsoleRequest, 'onOutput'>,
  input: InputPipe | undefined,
): Console {
  // A program that reads no more is no fault of whoever writes to it.
  input?.writer.on('error', () => {});
  const listeners = new Set([onOutput]);
  forward(output.stdout.reader, 'stdout', listeners);
  forward(output.stderr.reader, 'stderr', listeners);
  return {
    streams: writersOf(output, input),
    stdin: input?.writer,
    ended: endOfOutput(output),
    listen: (listener) => added(listeners, listener),
    resize: () => {},
    close: () => input?.writer.destroy(),
  };
}

function openTerminalConsole({ stdin, onOutput }: ConsoleRequest): Console {
  const terminal = openTerminal();
  const listeners = new Set([onOutput]);
  forward(terminal.output, 'stdout', listeners);
  return {
    streams: terminal.streams,
    stdin: stdin === true ? terminal.input : undefined,
    ended: new Promise((resolve) => {
      terminal.output.once('close', resolve);
    }),
    listen: (listener) => added(listeners, listener),
    resize: (size) => terminal.resize(size),
    close: () => terminal.close(),
  };
}

function added(listeners: Set<OutputListener>, listener: OutputListener): () => void {
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
