/** Writes `docs/commands.md` from the command line itself: `node scripts/command-reference.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createProgram } from '../packages/cli/src/program.ts';

export const referenceFile = fileURLToPath(new URL('../docs/commands.md', import.meta.url));

type Command = ReturnType<typeof createProgram>;

const width = 100;
const hidden = new Set(['help', 'deployment-process', 'server-process']);

export function createReference(): string {
  const program = createProgram();
  const commands = program.commands.filter((command) => !hidden.has(command.name()));
  return [
    '# Commands',
    '',
    'What `slipway COMMAND --help` says, of every command. Exit codes: 0 done, 1 failed, 2 the command line or the manifest is',
    'wrong; of `diff` 0 the same, 1 different, 2 wrong, 3 failed. Colours and redrawn progress appear on terminals',
    'only; `NO_COLOR` turns colours off.',
    '',
    ...commands
      .flatMap(withParts)
      .flatMap((command) => [
        `## slipway ${nameOf(command)}`,
        '',
        `${capitalized(command.summary() || command.description())}.`,
        '',
        '```text',
        helpOf(command),
        '```',
        '',
      ]),
  ].join('\n');
}

/** A command, and those that stand under it. */
function withParts(command: Command): readonly Command[] {
  return [command, ...command.commands.filter((part) => !hidden.has(part.name()))];
}

/** `server export`: the program itself is not named. */
function nameOf(command: Command): string {
  const { parent } = command;
  const isPart = parent !== null && parent.parent !== null;
  return isPart ? `${parent.name()} ${command.name()}` : command.name();
}

function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
    writeOut: (text) => parts.push(text),
  });
  command.outputHelp();
  return parts.join('').trimEnd();
}

function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, '')}`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(referenceFile, createReference());
