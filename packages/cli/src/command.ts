import type { Command, CommanderError } from 'commander';
import { exitCodes } from './failure.ts';

/** A wrong command line ends with 2, as delivery.md says; help and version end with 0. */
export function leave(error: CommanderError): never {
  process.exit(error.exitCode === 0 ? exitCodes.success : exitCodes.usage);
}

export function command(program: Command, nameAndArguments: string, examples: readonly string[]): Command {
  return program
    .command(nameAndArguments)
    .exitOverride(leave)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}
