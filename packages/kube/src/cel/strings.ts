/** Functions on text: those of CEL's extension for strings, and Kubernetes' for regular expressions. Positions count characters. */
import type { Environment } from '@marcbachmann/cel-js';
import type { Duration } from '@marcbachmann/cel-js/evaluator';
import { spendSteps } from './budget.ts';
import { formatText } from './format.ts';
import { findMatches, isMatch } from './patterns.ts';
import { replacedName } from './names.ts';
import { CelEvaluationError } from './types.ts';

const maximumText = 1_048_576;

export function addStrings(environment: Environment): void {
  const replace = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(
      signature.replace(/\.(\w+)\(/, (_, name: string) => `.${replacedName(name)}(`),
      handler,
    );
  };
  replace('string.matches(string): bool', isMatch);
  replace('string.lowerAscii(): string', (text: string) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()));
  replace('string.upperAscii(): string', (text: string) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()));
  replace('string.trim(): string', (text: string) => text.trim());
  replace('string.indexOf(string): int', (text: string, part: string) => indexOf(text, part, 0n));
  replace('string.indexOf(string, int): int', indexOf);
  replace('string.lastIndexOf(string): int', (text: string, part: string) => lastIndexOf(text, part));
  replace('string.lastIndexOf(string, int): int', lastIndexOf);
  replace('string.substring(int): string', (text: string, start: bigint) => substring(text, start));
  replace('string.substring(int, int): string', substring);
  replace('string.split(string): list<string>', (text: string, separator: string) => split(text, separator, -1n));
  replace('string.split(string, int): list<string>', split);
  environment
    .registerFunction('string.charAt(int): string', charAt)
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      replaceText(text, from, to),
    )
    .registerFunction('string.replace(string, string, int): string', replaceText)
    .registerFunction('string.format(list): string', formatText)
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => findMatches(text, pattern, 1)[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      findMatches(text, pattern, -1),
    )
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) =>
      findMatches(text, pattern, Number(limit)),
    )
    .registerFunction('string(google.protobuf.Timestamp): string', (time: Date) =>
      time.toISOString().replace(/\.?0*Z$/, 'Z'),
    )
    .registerFunction('string(google.protobuf.Duration): string', (duration: Duration) => duration.toString())
    .registerFunction('int(google.protobuf.Timestamp): int', (time: Date) =>
      BigInt(Math.floor(time.getTime() / 1_000)),
    );
}

function outOfRange(index: bigint): CelEvaluationError {
  return new CelEvaluationError(`index out of range: ${index}`);
}

function indexOf(text: string, part: string, from: bigint): bigint {
  const characters = [...text];
  const start = Number(from);
  if (start < 0 || start > characters.length) throw outOfRange(from);
  if (part === '') return from;
  const offset = characters.slice(0, start).join('').length;
  const found = text.indexOf(part, offset);
  return found < 0 ? -1n : BigInt([...text.slice(0, found)].length);
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const characters = [...text];
  const start = from === undefined ? characters.length : Number(from);
  if (start < 0 || start > characters.length) throw outOfRange(from ?? 0n);
  if (part === '') return BigInt(start);
  const found = text.lastIndexOf(part, characters.slice(0, start).join('').length);
  return found < 0 ? -1n : BigInt([...text.slice(0, found)].length);
}

function substring(text: string, from: bigint, to?: bigint): string {
  const characters = [...text];
  const start = Number(from);
  const end = to === undefined ? characters.length : Number(to);
  if (start < 0 || start > characters.length) throw outOfRange(from);
  if (end < 0 || end > characters.length) throw outOfRange(to ?? 0n);
  if (start > end) throw new CelEvaluationError(`invalid substring range. start: ${start}, end: ${end}`);
  return characters.slice(start, end).join('');
}

function charAt(text: string, index: bigint): string {
  const characters = [...text];
  const place = Number(index);
  if (place < 0 || place > characters.length) throw outOfRange(index);
  return characters[place] ?? '';
}

function split(text: string, separator: string, limit: bigint): readonly string[] {
  if (limit === 0n) return [];
  const parts = separator === '' ? [...text] : text.split(separator);
  spendSteps((text.length + parts.length) / 10);
  const most = Number(limit);
  return most < 0 || parts.length <= most
    ? parts
    : [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

function replaceText(text: string, from: string, to: string, limit = -1n): string {
  const parts = split(text, from, limit < 0n ? -1n : limit + 1n);
  const replaced = from === '' ? `${to}${parts.join(to)}` : parts.join(to);
  if (replaced.length > maximumText)
    throw new CelEvaluationError(`a text of more than ${maximumText} characters is not made`);
  return replaced;
}
