import { Pointer, type Operation } from 'rfc6902';

const fromTheBeginning = /^(?:0|[1-9][0-9]*)$/;
/** Where something is added: the place behind the last element. */
const behind = '-';
const fromTheEnd = /^-[0-9]+$/;
const adding: ReadonlySet<string> = new Set<Operation['op']>(['add', 'copy', 'move']);

/**
 * A JSON pointer in which no index counts from the end of a list, as -1 does in Kubernetes for the last element, or for the
 * place behind it where something is added. An index before the beginning stays, and so leads nowhere.
 */
export function resolvedPointer(pointer: string, object: unknown, op: Operation['op'] = 'test'): string {
  if (!pointer.includes('/-')) return pointer;
  const resolved = walk(pointer, object).map(({ token, at, isLast }) =>
    Array.isArray(at) ? indexOf(token, isLast && adding.has(op) ? at.length + 1 : at.length) : token,
  );
  return new Pointer(['', ...resolved]).toString();
}

/** What stands in the path where the index of a list should be; undefined where all of them are some. */
export function noIndex({ op, path }: Operation, object: unknown): string | undefined {
  return walk(path, object).find(
    ({ token, at, isLast }) =>
      Array.isArray(at) && !fromTheBeginning.test(token) && !(token === behind && isLast && adding.has(op)),
  )?.token;
}

/** Whether the pointer goes into what has no members, such as a text, whose characters are none to JSON. */
export function leadsIntoScalar(pointer: string, object: unknown): boolean {
  return walk(pointer, object).some(({ at }) => at !== undefined && (typeof at !== 'object' || at === null));
}

interface Step {
  readonly token: string;
  /** What it is a member of. */
  readonly at: unknown;
  readonly isLast: boolean;
}

function walk(pointer: string, object: unknown): readonly Step[] {
  const tokens = Pointer.fromJSON(pointer).tokens.slice(1);
  let next = object;
  return tokens.map((token, place) => {
    const at = next;
    next = memberOf(at, Array.isArray(at) ? indexOf(token, at.length) : token);
    return { token, at, isLast: place === tokens.length - 1 };
  });
}

function indexOf(token: string, length: number): string {
  const index = length + Number(token);
  return fromTheEnd.test(token) && index >= 0 ? String(index) : token;
}

function memberOf(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined;
}
