/**
 * Answers as text, without writing again what the store holds as text already: lists of thousands of objects, and events
 * that go to hundreds of watchers. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */

/** By the object that it was read from or written as. Nobody changes such an object: they are shared. */
const texts = new WeakMap<object, string>();

export function rememberText(object: object, text: string): void {
  texts.set(object, text);
}

/** As `JSON.stringify` writes it: a text that leaves with its head in one piece, or the bytes of a list. */
export function toContent(value: unknown): string | Buffer {
  return isList(value) ? listBytes(value) : toText(value);
}

function toText(value: unknown): string {
  const known = typeof value === 'object' && value !== null ? texts.get(value) : undefined;
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

const comma = 0x2c;

/** Each text goes to its place at once: one text of them all, of megabytes, would be made and then encoded. */
function listBytes({ items, ...rest }: { readonly items: readonly unknown[] }): Buffer {
  const head = JSON.stringify(rest).slice(0, -1);
  const [begin, end] = [`${head}${head.length > 1 ? ',' : ''}"items":[`, ']}'];
  const parts = items.map(toText);
  const commas = Math.max(0, parts.length - 1);
  const length = parts.reduce(
    (sum, part) => sum + Buffer.byteLength(part),
    Buffer.byteLength(begin) + commas + end.length,
  );
  const bytes = Buffer.allocUnsafe(length);
  let at = bytes.write(begin);
  for (const [index, part] of parts.entries()) {
    if (index > 0) bytes[at++] = comma;
    at += bytes.write(part, at);
  }
  bytes.write(end, at);
  return bytes;
}

const eventTypes = new Set<unknown>(['ADDED', 'MODIFIED', 'DELETED']);

function isEvent(event: unknown): event is { readonly type: string; readonly object: object } {
  return (
    typeof event === 'object' && event !== null && 'type' in event && eventTypes.has(event.type) && 'object' in event
  );
}
