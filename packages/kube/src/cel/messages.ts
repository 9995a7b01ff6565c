/** What is wrong with an expression, in the words of Kubernetes: its users search for them. */
import { withAuthorsNames } from './names.ts';

interface Fault {
  readonly expression: string;
  readonly summary: string;
  /** Offset of the first character that is meant. */
  readonly start: number;
  readonly isSyntax: boolean;
  /** Names of all that there are. */
  readonly functions?: ReadonlySet<string>;
}

/**
 *     ERROR: <input>:1:5: undefined field 'size'
 *      | self.size > 1
 *      | ....^
 */
export function describeCompileError(fault: Fault): string {
  const { expression, isSyntax } = fault;
  const { text, offset } = translate({ ...fault, summary: withAuthorsNames(fault.summary) });
  const before = expression.slice(0, offset).split('\n');
  const column = before.at(-1)?.length ?? 0;
  const line = expression.split('\n')[before.length - 1] ?? '';
  const message = isSyntax ? `Syntax error: ${text}` : text;
  return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`;
}

function translate({ summary, expression, start, functions }: Fault): {
  readonly text: string;
  readonly offset: number;
} {
  const field = /^No such key: (.*)$/.exec(summary);
  // The dot is meant, not the name behind it.
  if (field !== null) return { text: `undefined field '${field[1]}'`, offset: Math.max(0, start - 1) };
  const variable = /^Unknown variable: (.*)$/.exec(summary);
  if (variable !== null) return { text: `undeclared reference to '${variable[1]}' (in container '')`, offset: start };
  const binary = /^no such overload: (.+) (==|!=|<=|>=|<|>|\+|-|\*|\/|%|in) (.+)$/.exec(summary);
  if (binary !== null) {
    const [, left = '', operator = '', right = ''] = binary;
    const place = expression.indexOf(operator, start);
    return { text: noOverload(nameOf(operator), `(${left}, ${right})`), offset: place < 0 ? start : place };
  }
  const unary = /^no such overload: ([!-])(.+)$/.exec(summary);
  if (unary !== null) return { text: noOverload(`${unary[1]}_`, `(${unary[2]})`), offset: start };
  const call = /^found no matching overload for '(?:(.+)\.)?(\w+)\((.*)\)'$/.exec(summary);
  if (call !== null) {
    const [, receiver, name = '', parameters = ''] = call;
    if (functions?.has(name) === false)
      return { text: `undeclared reference to '${name}' (in container '')`, offset: start };
    return { text: noOverload(name, `${receiver === undefined ? '' : `${receiver}.`}(${parameters})`), offset: start };
  }
  return { text: summary, offset: start };
}

function nameOf(operator: string): string {
  return operator === 'in' ? '@in' : `_${operator}_`;
}

function noOverload(name: string, types: string): string {
  const written = types.replaceAll('<', '(').replaceAll('>', ')');
  return `found no matching overload for '${name}' applied to '${written}'`;
}

/** An error of an evaluation. */
export function describeEvaluationError(summary: string): string {
  return withAuthorsNames(summary)
    .replace(/^No such key: index out of bounds, index (-?\d+).*$/, 'index out of bounds: $1')
    .replace(/^No such key: /, 'no such key: ')
    .replace(/^modulo by zero/, 'modulus by zero');
}
