import { createTwoFilesPatch } from 'diff';
import { isSameJson } from '@slipway/kube/json-equality';
import { stringify } from 'yaml';
import { colour } from './output.ts';

export interface Difference {
  /** What is compared, and what each side of it is called. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** Undefined: it is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

const contextLines = 3;

export function isDifferent({ before, after }: Difference): boolean {
  return !isSameJson(before, after);
}

/** As `diff -u` writes it, of both sides as YAML. */
export function describeDifference({ name, from, to, before, after }: Difference): string {
  const patch = createTwoFilesPatch(`${name} (${from})`, `${name} (${to})`, asText(before), asText(after), '', '', {
    context: contextLines,
  });
  return patch.split('\n').slice(1).map(coloured).join('\n').trimEnd();
}

function asText(value: unknown): string {
  return value === undefined ? '' : stringify(value, { sortMapEntries: true, lineWidth: 0 });
}

function coloured(line: string): string {
  if (line.startsWith('---') || line.startsWith('+++')) return colour('bold', line.trimEnd());
  if (line.startsWith('@@')) return colour('cyan', line);
  if (line.startsWith('+')) return colour('green', line);
  return line.startsWith('-') ? colour('red', line) : line;
}
