/**
 * Answers as text, without writing again what the store holds as text already: lists of thousands of objects, and events
 * that go to hundreds of watchers. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */

import { createAttachment } from '@slipway/kube/attachment';
import type { KubeObject } from '@slipway/kube/object';
import type { StoredObject } from '../store/store.ts';
import { ListText } from './list-text.ts';

/** By the object that it was read from or written as. Nobody changes such an object: they are shared. */
const texts = createAttachment<string>();

export function rememberText(object: object, text: string): void {
  texts.attach(object, text);
}

interface StoredList {
  readonly head: object;
  readonly stored: readonly StoredObject[];
}

/** By the list that was made of them. */
const lists = new WeakMap<object, StoredList>();

/** A list whose objects are parsed only if somebody looks at them: most lists leave as text. */
export function listOfStored<Head extends object>(
  { head, stored }: { readonly head: Head; readonly stored: readonly StoredObject[] },
  parse: () => readonly KubeObject[],
): Head & { readonly items: readonly KubeObject[] } {
  const list = {
    ...head,
    get items(): readonly KubeObject[] {
      return parse();
    },
  };
  lists.set(list, { head, stored });
  return list;
}

/** As `JSON.stringify` writes it: a text that leaves with its head in one piece, or a list that is too long for that. */
export function toContent(value: unknown): string | ListText {
  const known = typeof value === 'object' && value !== null ? lists.get(value) : undefined;
  if (known !== undefined) return storedContent(known);
  if (!isList(value)) return toText(value);
  const { items, ...rest } = value;
  const texts = items.map(toText);
  return listContent(
    rest,
    texts,
    texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  );
}

function toText(value: unknown): string {
  const known = typeof value === 'object' && value !== null ? texts.of(value) : undefined;
  return known ?? JSON.stringify(value);
}

/** A line of a watch. */
export function eventText(event: unknown): string {
  return isEvent(event) ? `{"type":"${event.type}","object":${toText(event.object)}}\n` : `${JSON.stringify(event)}\n`;
}

const lines = new WeakMap<object, Buffer>();

/** The same as it is sent, made once for all who are told of one event. */
export function eventLine(event: unknown): Buffer {
  const known = typeof event === 'object' && event !== null ? lines.get(event) : undefined;
  if (known !== undefined) return known;
  const line = Buffer.from(eventText(event));
  if (typeof event === 'object' && event !== null) lines.set(event, line);
  return line;
}

function isList(value: unknown): value is { readonly items: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items);
}

/** What is shorter is one text. */
const longListBytes = 32 * 1024;

function storedContent({ head, stored }: StoredList): string | ListText {
  let itemBytes = 0;
  for (const each of stored) {
    each.bytes ??= Buffer.byteLength(each.value);
    itemBytes += each.bytes;
  }
  return listContent(
    head,
    stored.map(({ value }) => value),
    itemBytes,
  );
}

function listContent(rest: object, items: readonly string[], itemBytes: number): string | ListText {
  const head = JSON.stringify(rest).slice(0, -1);
  const [begin, end] = [`${head}${head.length > 1 ? ',' : ''}"items":[`, ']}'];
  return itemBytes < longListBytes
    ? `${begin}${items.join(',')}${end}`
    : new ListText({ begin, items, end, itemBytes });
}

const eventTypes = new Set<unknown>(['ADDED', 'MODIFIED', 'DELETED']);

function isEvent(event: unknown): event is { readonly type: string; readonly object: object } {
  return (
    typeof event === 'object' && event !== null && 'type' in event && eventTypes.has(event.type) && 'object' in event
  );
}
