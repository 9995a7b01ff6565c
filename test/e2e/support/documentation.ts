/** The commands in the documentation: fenced blocks that say `sh run`, each with the output that may stand below it. */

export interface DocumentedCommands {
  /** Line of the page on which the commands begin. */
  readonly line: number;
  readonly script: string;
  readonly exitCode: number;
  /** Programs that they need beside those of every machine. */
  readonly needs: readonly string[];
  /** Lines that must be in the output, in this order; `…` stands for anything. */
  readonly output: readonly string[];
}

interface Block {
  readonly line: number;
  readonly words: readonly string[];
  readonly text: string;
}

export function findCommands(page: string): readonly DocumentedCommands[] {
  const blocks = findBlocks(page);
  return blocks.flatMap(({ line, words, text }, index) => {
    const [language, marker, ...options] = words;
    if (language !== 'sh' || marker !== 'run') return [];
    const next = blocks[index + 1];
    const exitCode = Number(options.find((option) => option.startsWith('exit='))?.slice('exit='.length) ?? 0);
    const needs = options.filter((option) => !option.startsWith('exit='));
    const output = next?.words.join(' ') === 'text output' ? next.text.trimEnd().split('\n') : [];
    return [{ line, script: text, exitCode, needs, output }];
  });
}

function findBlocks(page: string): readonly Block[] {
  const lines = page.split('\n');
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly words: readonly string[] } | undefined;
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('```')) continue;
    if (open === undefined) {
      open = { line: index + 2, words: line.slice(3).trim().split(/\s+/) };
      continue;
    }
    blocks.push({ ...open, text: lines.slice(open.line - 1, index).join('\n') });
    open = undefined;
  }
  return blocks;
}

/** The first line that is not in the output, after those before it. */
export function findMissingLine(expected: readonly string[], output: string): string | undefined {
  const lines = output.split('\n');
  let from = 0;
  for (const line of expected) {
    const pattern = new RegExp(`^${line.split('…').map(escape).join('.*')}$`);
    const found = lines.findIndex((each, index) => index >= from && pattern.test(each));
    if (found < 0) return line;
    from = found + 1;
  }
  return undefined;
}

/** Blanks of any number count as one: tables are as wide as what is in them. */
function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/ +/g, ' +');
}
