import { errorAt, type SourceLine } from '../build-error.ts';
import type { Instruction } from './instructions.ts';
import { substitute } from './substitute.ts';
import { parseAssignments, splitWords } from './words.ts';

export interface Stage extends SourceLine {
  /** As in `FROM ... AS name`; else its number. */
  readonly name: string;
  /** After substitution. */
  readonly base: string;
  /** What of its FROM is ignored, and why. */
  readonly notes: readonly string[];
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly file: string;
  readonly stages: readonly Stage[];
  /** Arguments before the first FROM, which stages take over by `ARG NAME`. */
  readonly globalArguments: Readonly<Record<string, string>>;
}

export function groupStages(
  instructions: readonly Instruction[],
  given: { readonly file: string; readonly buildArguments: Readonly<Record<string, string>> },
): Dockerfile {
  const firstFrom = instructions.findIndex(({ keyword }) => keyword === 'FROM');
  const preamble = firstFrom < 0 ? instructions : instructions.slice(0, firstFrom);
  const stray = preamble.find(({ keyword }) => keyword !== 'ARG');
  if (stray !== undefined) {
    throw errorAt(stray, `${stray.keyword} stands before the first FROM; only ARG may`);
  }
  if (firstFrom < 0) {
    throw errorAt(
      { file: given.file, line: 1 },
      'there is no FROM: expected at least one stage, such as "FROM scratch"',
    );
  }
  const globalArguments = readGlobalArguments(preamble, given.buildArguments);
  return { file: given.file, stages: splitStages(instructions.slice(firstFrom), globalArguments), globalArguments };
}

function readGlobalArguments(
  preamble: readonly Instruction[],
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const instruction of preamble) Object.assign(values, readArguments(instruction, { given, known: values }));
  return values;
}

/** `ARG A`, `ARG A=default`, several on one line. An argument that is neither given nor known stays unset. */
export function readArguments(
  instruction: Instruction,
  {
    given,
    known,
  }: { readonly given: Readonly<Record<string, string>>; readonly known: Readonly<Record<string, string>> },
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const word of splitWords(instruction.text, instruction)) {
    const [name = ''] = word.split('=', 1);
    const standard = word.includes('=')
      ? parseAssignments(substitute(word, { ...known, ...values }, instruction).replaceAll(/\s/g, '\\$&'), instruction)[
          name
        ]
      : known[name];
    const value = given[name] ?? standard;
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function splitStages(
  instructions: readonly Instruction[],
  variables: Readonly<Record<string, string>>,
): readonly Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === 'FROM') stages.push(parseFrom(instruction, stages.length, variables));
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

function parseFrom(
  instruction: Instruction,
  index: number,
  variables: Readonly<Record<string, string>>,
): Stage & { instructions: Instruction[] } {
  const { file, line, text, notes } = instruction;
  const [base = '', as, name, ...rest] = splitWords(substitute(text, variables, instruction), instruction);
  const isWellFormed =
    base !== '' && rest.length === 0 && (as === undefined || (as.toLowerCase() === 'as' && name !== undefined));
  if (!isWellFormed) {
    throw errorAt(instruction, `"FROM ${text}" is not understood; expected "FROM IMAGE" or "FROM IMAGE AS NAME"`);
  }
  return { file, line, name: name?.toLowerCase() ?? String(index), base, notes, instructions: [] };
}
