import { constants } from 'node:os';
import { describeError } from './describe-error.ts';
import { createProgram } from './program.ts';

// Whoever read what is printed has gone, as `head` does when it has enough. Node ignores the signal that ends other programs
// then; what has something to end first ends as by Ctrl-C.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (process.listenerCount('SIGTERM') === 0) process.exit(128 + constants.signals.SIGPIPE);
    process.kill(process.pid, 'SIGTERM');
  });
}

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  const { text, exitCode } = describeError(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
