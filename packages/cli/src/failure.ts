/**
 * The exit codes of every command: 1 when something failed while it ran, 2 when the command line or the manifest is wrong.
 * Where 1 is an answer, as of `diff`, a failure is 3.
 */
export const exitCodes = { success: 0, failure: 1, usage: 2, trouble: 3 } as const;

/** Ends the command with a message for people. Anything else that is thrown is a fault of ours and shows its stack. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CommandFailure';
    this.exitCode = options.exitCode ?? exitCodes.failure;
  }
}

/** The command line or a manifest is wrong: nothing was started. */
export function usageFailure(message: string, cause?: unknown): CommandFailure {
  return new CommandFailure(message, { exitCode: exitCodes.usage, cause });
}
