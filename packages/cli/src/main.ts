import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { CommandFailure, exitCodes } from './failure.ts';
import { createProgram } from './program.ts';

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** Prints what went wrong in one place and chooses the exit code. */
function report(error: unknown): number {
  if (error instanceof CommandFailure) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof StatusError) {
    process.stderr.write(`${describeStatus(error)}\n`);
    return isStatusReason(error, 'Invalid', 'BadRequest') ? exitCodes.usage : exitCodes.failure;
  }
  process.stderr.write(
    `slipway failed unexpectedly: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return exitCodes.failure;
}

function describeStatus(error: StatusError): string {
  const causes = error.details?.causes ?? [];
  if (causes.length < 2) return error.message;
  return [error.message, ...causes.map((cause) => `  ${cause.field ?? ''}: ${cause.message}`)].join('\n');
}
