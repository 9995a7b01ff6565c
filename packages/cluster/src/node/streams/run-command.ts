import { pipeline } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '@slipway/kube/message-of';
import { StatusError } from '@slipway/kube/status-error';
import type { Attachment, RunningCommand } from '../runtime.ts';
import type { CommandStreams } from './command-streams.ts';

/** Connects a command with whoever asked for it, until it ends or he leaves. */
export async function serveExec(
  streams: CommandStreams,
  { start, tty }: { readonly start: () => Promise<RunningCommand>; readonly tty: boolean },
): Promise<void> {
  let command: RunningCommand;
  try {
    command = await start();
  } catch (error) {
    streams.finish(notStarted(error));
    return;
  }
  streams.onResize((size) => command.resize(size));
  void streams.closed.then(() => command.abandon());
  feed(streams.stdin, command.stdin, { tty, isOnlyReader: true });
  const outputs = [
    [command.stdout, streams.stdout],
    [command.stderr, streams.stderr],
  ] as const;
  await Promise.all(outputs.map(([from, to]) => pass(from, to)));
  streams.finish(statusOf(await command.exitCode));
}

/** Connects the container's own program with whoever attached, until it ends or he leaves. */
export async function serveAttach(
  streams: CommandStreams,
  {
    attachment,
    tty,
    stdinOnce,
  }: { readonly attachment: Attachment; readonly tty: boolean; readonly stdinOnce: boolean },
): Promise<void> {
  streams.onResize((size) => attachment.resize(size));
  feed(streams.stdin, attachment.stdin, { tty, isOnlyReader: stdinOnce });
  const stop = attachment.onOutput((name, chunk) => {
    const stream = streams[name];
    if (stream === undefined || !stream.writable || stream.write(chunk)) return undefined;
    const room = new Promise<void>((resolve) => {
      stream.once('drain', resolve);
      stream.once('close', resolve);
    });
    return Promise.race([room, streams.closed]);
  });
  const exitCode = await Promise.race([attachment.exitCode, streams.closed]);
  stop();
  if (exitCode === undefined) return;
  await Promise.all([streams.stdout, streams.stderr].map((stream) => ended(stream)));
  // That the program has ended is no failure of being attached to it: clients read its code from the pod.
  streams.finish(statusOf(0));
}

const endOfTransmission = Buffer.of(4);

/** Ends the program's input with the client's, if nobody else may write to it. */
function feed(
  from: Readable | undefined,
  to: Writable | undefined,
  { tty, isOnlyReader }: { readonly tty: boolean; readonly isOnlyReader: boolean },
): void {
  if (from === undefined || to === undefined) {
    from?.resume();
    return;
  }
  from.pipe(to, { end: false });
  from.once('end', () => {
    if (!isOnlyReader || !to.writable) return;
    // A terminal has no end: the key that says so does it.
    if (tty) to.write(endOfTransmission);
    else to.end();
  });
  // Who reads no more takes what is sent to nobody, or the client would wait.
  to.once('close', () => from.unpipe(to).resume());
}

async function pass(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (from === undefined) {
    await ended(to);
    return;
  }
  if (to === undefined) {
    from.resume();
    return;
  }
  // One of the two has gone: what became of the command is told by its end.
  await pipeline(from, to).catch(() => undefined);
}

function ended(stream: Writable | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (stream === undefined || stream.destroyed) resolve();
    else stream.end(() => resolve());
  });
}

/** As the kubelet says it; clients read the code from the cause. */
function statusOf(exitCode: number): object {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function notStarted(error: unknown): object {
  const message = messageOf(error);
  return new StatusError('InternalError', `Internal error occurred: ${message}`).toStatus();
}
