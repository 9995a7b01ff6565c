import { errorAt, type SourceLine } from '../build-error.ts';

type Variables = Readonly<Record<string, string>>;

const variable = /\\\$|\$\{(?<braced>[a-zA-Z_]\w*)(?:(?<operator>:?[-+?])(?<word>[^}]*))?\}|\$(?<plain>[a-zA-Z_]\w*)/g;

/** Replaces `$A`, `${A}`, `${A:-default}` and `${A:+other}`; `\$` stays a dollar. An unknown variable is empty. */
export function substitute(text: string, variables: Variables, at: SourceLine): string {
  let result = '';
  let end = 0;
  for (const match of text.matchAll(variable)) {
    result += text.slice(end, match.index) + valueOf(match, variables, at);
    end = match.index + match[0].length;
  }
  return result + text.slice(end);
}

function valueOf({ groups = {} }: RegExpExecArray, variables: Variables, at: SourceLine): string {
  const { braced, plain, operator = '', word = '' } = groups;
  const name = braced ?? plain;
  if (name === undefined) {
    return '$';
  }
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  // With a colon an empty variable counts as unset.
  const set = operator.startsWith(':') && value === '' ? undefined : value;
  switch (operator.replace(':', '')) {
    case '-':
      return set ?? substitute(word, variables, at);
    case '+':
      return set === undefined ? '' : substitute(word, variables, at);
    case '?':
      if (set === undefined) throw errorAt(at, `the variable ${name} must be set: ${word || 'it has no value'}`);
      return set;
    default:
      return value ?? '';
  }
}
