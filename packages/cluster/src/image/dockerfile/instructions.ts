import { errorAt, type SourceLine } from '../build-error.ts';
import { checkFlags, splitFlags, takesFlags } from './flags.ts';

/** One instruction with its continuation lines joined. `keyword` is in upper case. */
export interface Instruction extends SourceLine {
  readonly keyword: string;
  /** `--from=builder` is `from: 'builder'`. */
  readonly flags: Readonly<Record<string, string>>;
  /** What follows the flags. */
  readonly text: string;
  /** With the flags, for whoever builds to read. */
  readonly written: string;
  /** What of it is ignored, and why: for whoever builds to read. */
  readonly notes: readonly string[];
}

const supported = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);
const directivePattern = /^#\s*([a-zA-Z]+)\s*=\s*(\S+)\s*$/;
const hereDocument = /<<-?\s*["']?[a-zA-Z_]\w*/;

/** https://docs.docker.com/reference/dockerfile/#format */
export function parseInstructions(content: string, file: string): readonly Instruction[] {
  const lines = content.replace(/^\uFEFF/, '').split(/\r?\n/);
  const continuation = new RegExp(`${readEscape(lines, file) === '`' ? '`' : '\\\\'}[ \\t]*$`);
  const instructions: Instruction[] = [];
  let joined = '';
  let first = 0;
  lines.forEach((line, index) => {
    const isComment = /^\s*#/.test(line);
    if (isComment || (line.trim() === '' && joined !== '')) return;
    if (joined === '') first = index + 1;
    const isContinued = continuation.test(line);
    joined += isContinued ? line.replace(continuation, '') : line;
    if (isContinued) return;
    if (joined.trim() !== '') instructions.push(parseInstruction(joined.trim(), { file, line: first }));
    joined = '';
  });
  if (joined.trim() !== '') instructions.push(parseInstruction(joined.trim(), { file, line: first }));
  return instructions;
}

/** Directives stand before everything else; `escape` is the only one that changes how lines are read. */
function readEscape(lines: readonly string[], file: string): string {
  for (const [index, line] of lines.entries()) {
    const [, name, value = ''] = directivePattern.exec(line) ?? [];
    if (name === undefined) return '\\';
    if (name.toLowerCase() === 'escape') {
      if (value !== '\\' && value !== '`') {
        throw errorAt({ file, line: index + 1 }, `the escape character is "${value}", expected \\ or \``);
      }
      return value;
    }
  }
  return '\\';
}

function parseInstruction(text: string, at: SourceLine): Instruction {
  const [, word = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const keyword = word.toUpperCase();
  if (!supported.has(keyword)) {
    throw errorAt(
      at,
      `the instruction ${word} is not supported; supported are ${[...supported].toSorted().join(', ')}`,
    );
  }
  if (['ADD', 'COPY', 'RUN'].includes(keyword) && hereDocument.test(rest)) {
    throw errorAt(at, `here-documents are not supported in ${keyword}: put the text into a file of the build context`);
  }
  const { flags, remaining } = takesFlags(keyword) ? splitFlags(rest) : { flags: [], remaining: rest };
  const notes = [...checkFlags(keyword, flags, at), ...notesOf(keyword, remaining)];
  if (remaining.trim() === '') {
    throw errorAt(at, `${keyword} needs at least one argument`);
  }
  const values = Object.fromEntries(flags.map(({ name, value }) => [name, value]));
  return { ...at, keyword, flags: values, text: remaining.trim(), written: rest.trim(), notes };
}

function notesOf(keyword: string, text: string): readonly string[] {
  const asks = keyword === 'HEALTHCHECK' && text.trim().toUpperCase() !== 'NONE';
  return asks ? ['HEALTHCHECK is ignored, as by Kubernetes: give the container a livenessProbe or readinessProbe'] : [];
}
