import { errorAt, type SourceLine } from '../build-error.ts';

/** Either a list of words, run as it is, or a line for a shell. */
export type Command =
  | { readonly form: 'exec'; readonly words: readonly string[] }
  | { readonly form: 'shell'; readonly line: string };

/** `["a", "b"]` is the exec form; what merely looks like it and is no JSON is a line for the shell, as in Docker. */
export function parseCommand(text: string): Command {
  const words = parseJsonWords(text);
  return words === undefined ? { form: 'shell', line: text } : { form: 'exec', words };
}

export function parseJsonWords(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) {
    return undefined;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** A piece of a word: blanks between words, a quoted part, an escaped character, or anything else. */
const piece =
  /(?<blank>\s+)|"(?<double>(?:[^"\\]|\\[\s\S])*)"|'(?<single>[^']*)'|\\(?<escaped>[\s\S])|(?<plain>[^\s"'\\]+|\\$)|(?<open>["'])/g;

/** Words separated by blanks; quotes and backslashes keep blanks together. */
export function splitWords(text: string, at: SourceLine): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const { groups = {} } of text.matchAll(piece)) {
    const { blank, double, single, escaped, plain, open } = groups;
    if (open !== undefined) {
      throw errorAt(at, `the quote ${open} is not closed`);
    }
    if (blank === undefined) {
      word = (word ?? '') + (double?.replaceAll(/\\([\s\S])/g, '$1') ?? single ?? escaped ?? plain ?? '');
    } else {
      if (word !== undefined) words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** `A=1 B="two words"`, or the old form `A the rest of the line`. */
export function parseAssignments(text: string, at: SourceLine): Readonly<Record<string, string>> {
  const words = splitWords(text, at);
  if (words[0]?.includes('=') !== true) {
    const [, name = '', value = ''] = /^(\S+)\s+([\s\S]+)$/.exec(text) ?? [];
    if (name === '') throw errorAt(at, `"${text}" has no value; expected NAME=VALUE`);
    return { [name]: value };
  }
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      if (equals <= 0) throw errorAt(at, `"${word}" is no assignment; expected NAME=VALUE`);
      return [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
}
