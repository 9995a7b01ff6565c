import { styleText } from 'node:util';
import type { OutputFormat } from '../global-options.ts';

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For people, beside what a script reads. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints objects as data. A single one stands alone, several as a v1 List, as kubectl does. */
export async function printObjects(objects: readonly unknown[], format: OutputFormat): Promise<void> {
  const value = objects.length === 1 ? objects[0] : { apiVersion: 'v1', kind: 'List', items: objects };
  await printValue(value, format);
}

/** A collection, whatever the number of its items: a script that reads it sees one form. */
export async function printList(items: readonly unknown[], format: OutputFormat): Promise<void> {
  await printValue({ apiVersion: 'v1', kind: 'List', items }, format);
}

/** Documents of YAML. */
export async function formatDocuments(objects: readonly unknown[]): Promise<string> {
  const { stringify } = await import('yaml');
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
}

export async function printValue(value: unknown, format: OutputFormat): Promise<void> {
  if (format === 'json') {
    print(JSON.stringify(value, null, 2));
    return;
  }
  const { stringify } = await import('yaml');
  process.stdout.write(stringify(value));
}

/** As a file that `kubectl apply` takes: documents of YAML, or a v1 List. */
export async function printManifests(objects: readonly unknown[], format: OutputFormat): Promise<void> {
  if (format === 'json') return printList(objects, format);
  process.stdout.write(await formatDocuments(objects));
  return undefined;
}

/** One of a stream of values: a line of JSON, or a document of YAML. */
export async function printLine(value: unknown, format: OutputFormat): Promise<void> {
  if (format === 'json') return print(JSON.stringify(value));
  const { stringify } = await import('yaml');
  process.stdout.write(`---\n${stringify(value)}`);
  return undefined;
}

type Screen = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

/** Breaks a long line between words where somebody looks at it; a log keeps it whole. */
export function fold(text: string, indent: number, stream: Screen = process.stdout): string {
  if (!stream.isTTY) return text;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const isFull = line !== '' && visibleLength(line) + 1 + visibleLength(word) > stream.columns - indent;
    if (isFull) lines.push(line);
    line = isFull || line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

export type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold' | 'cyan' | 'magenta' | 'blue';

/** Colours only where somebody looks: `styleText` checks for a terminal and NO_COLOR. */
export function colour(style: Colour, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Columns padded to their widest cell, as `kubectl get` prints them. Cells may hold colour codes. */
export function table(header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => visibleLength(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell)),
      )
      .join('   ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}

function visibleLength(text: string): number {
  // oxlint-disable-next-line no-control-regex -- the escape character is what colour codes begin with
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '').length;
}
