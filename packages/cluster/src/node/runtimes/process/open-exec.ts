import type { ChildProcess } from 'node:child_process';
import type { OpenExecRequest, RunningCommand } from '../../runtime.ts';
import { spawned, startProcess } from './contained-process.ts';
import type { Launch } from './isolation.ts';
import { openInputPipe } from './input-pipe.ts';
import { writersOf, type OutputPipes } from './output-pipes.ts';
import { exitCodeOf } from './run-to-end.ts';
import { openTerminal } from './terminal.ts';

/** Starts a process whose streams somebody holds. Rejects with a `StartError`. */
export async function openExec(
  launch: Launch,
  { stdin, tty }: OpenExecRequest,
  pipes: OutputPipes,
): Promise<RunningCommand> {
  const command = tty ? withTerminal(launch) : await withPipes(launch, { stdin, pipes });
  await command.spawned;
  return command;
}

interface Started extends RunningCommand {
  readonly spawned: Promise<void>;
}

function withTerminal(launch: Launch): Started {
  const terminal = openTerminal();
  const child = startProcess({ ...launch, environment: { TERM: 'xterm', ...launch.environment } }, terminal.streams);
  return {
    stdin: terminal.input,
    stdout: terminal.output,
    stderr: undefined,
    resize: (size) => terminal.resize(size),
    abandon: () => terminal.close(),
    ...endingOf(child, launch),
  };
}

async function withPipes(
  launch: Launch,
  { stdin, pipes }: { readonly stdin: boolean; readonly pipes: OutputPipes },
): Promise<Started> {
  const output = await pipes.take();
  const input = stdin ? await openInputPipe() : undefined;
  // A process that reads no more is no fault of whoever writes to it.
  input?.writer.on('error', () => {});
  const child = startProcess(launch, writersOf(output, input));
  const { stdout, stderr } = output;
  return {
    stdin: input?.writer,
    stdout: stdout.reader,
    stderr: stderr.reader,
    resize: () => {},
    abandon: () => {
      for (const stream of [input?.writer, stdout.reader, stderr.reader]) stream?.destroy();
    },
    ...endingOf(child, launch),
  };
}

function endingOf(child: ChildProcess, launch: Launch): Pick<Started, 'spawned' | 'exitCode'> {
  const exitCode = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
  return { spawned: spawned(child, launch), exitCode };
}
