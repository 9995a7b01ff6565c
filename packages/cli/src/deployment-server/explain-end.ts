/** Why the server has ended, or has not begun, in words for whoever runs it; what is a fault of its own stays as it is. */
import { isDatabaseFault } from '@slipway/server/database/database';
import { StartRefused } from '@slipway/server/start-refused';
import { messageOf } from '@slipway/kube/message-of';
import { CommandFailure } from '../failure.ts';

export function explainEnd(error: unknown): unknown {
  if (error instanceof StartRefused) return new CommandFailure(error.message, { cause: error });
  if (!isDatabaseFault(error, 'damaged')) return error;
  return new CommandFailure(`The database is damaged, and has to be restored from a copy (${messageOf(error)}).`, {
    cause: error,
  });
}

export function explainStart(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): unknown {
  // What is full is unavailable too.
  if (isDatabaseFault(error, 'full'))
    return new CommandFailure(`The database does not take what is written at every start (${messageOf(error)}).`, {
      cause: error,
    });
  if (isDatabaseFault(error, 'unavailable'))
    return new CommandFailure(`The database does not answer (${messageOf(error)}).`, { cause: error });
  const explained = explainEnd(error);
  if (explained !== error) return explained;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return error;
  return new CommandFailure(
    `Nobody can be answered at ${host}:${port} (${code}).\nChoose others with --host and --port.`,
    { cause: error },
  );
}
