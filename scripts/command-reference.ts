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
    ...commands.flatMap((command) => [
      `## slipway ${command.name()}`,
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
