import { LogFile } from '@slipway/kube/platform/log-output';
import { describeError } from '../describe-error.ts';
import { CommandFailure, exitCodes } from '../failure.ts';
import { runServer } from './run-server.ts';
import type { ServerOptions, ServerReport } from './server-options.ts';

/** The process behind `slipway up --detach`: takes its options from the command that started it and reports back once. */
export async function serverProcess(): Promise<void> {
  if (process.send === undefined)
    throw new CommandFailure('server-process is started by slipway up --detach and not by hand.', {
      exitCode: exitCodes.usage,
    });
  const options = await new Promise<ServerOptions>((resolve) => {
    process.once('message', (message) => resolve(message as ServerOptions));
  });
  try {
    await runServer(options, {
      log: new LogFile(process.stderr.fd),
      onReady: (state) => report({ kind: 'ready', state }),
    });
  } catch (error) {
    const { text, exitCode } = describeError(error);
    report({ kind: 'failed', message: text, exitCode });
    throw error;
  }
}

function report(message: ServerReport): void {
  // The command may have been interrupted meanwhile; a server that is ready then goes on without it.
  if (!process.connected) return;
  process.send?.(message, undefined, undefined, () => {
    if (process.connected) process.disconnect();
  });
}
