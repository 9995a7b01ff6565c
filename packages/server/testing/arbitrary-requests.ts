/** Requests that an OpenAPI document allows, and such that are bent in one place or another. */
import fc from 'fast-check';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}

export interface FuzzedDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** What breaks parsers, databases and paths. */
export const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  '../../etc/passwd',
  "' OR 1=1 --",
  '%00',
  '__proto__',
  'constructor',
  '\u{D800}',
  '💥',
  'x'.repeat(5_000),
  '{{namespace}}',
  '-1',
  '1e999',
  '9007199254740993',
  'null',
  '*',
);
export const anything = fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }));

/** Of known names more often than not: what is refused at the door shows nothing of what is behind. */
const names = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('default', 'shop', 'shop-1', 'none') },
  { weight: 1, arbitrary: nasty },
);

function valueOf(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  if (depth > 5) return fc.constant(null);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => valueOf(each, depth + 1)));
  switch (schema.type) {
    case 'object':
      return objectOf(schema, depth);
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, depth + 1), { maxLength: 3 });
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -1, 2 ** 31, 2 ** 53));
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.oneof(names, fc.string(), fc.constantFrom('https://example.org', '2026-01-01T00:00:00Z'));
    default:
      return anything;
  }
}

/** Members are left out, added, and of another kind at times. */
function objectOf({ properties = {}, required = [] }: Schema, depth: number): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      fc.oneof({ weight: 8, arbitrary: valueOf(schema, depth + 1) }, { weight: 1, arbitrary: anything }),
    ]),
  );
  const known = fc.oneof(
    { weight: 4, arbitrary: fc.record(members, { requiredKeys: [...required] }) },
    { weight: 1, arbitrary: fc.record(members, { requiredKeys: [] }) },
  );
  const extra = fc.dictionary(fc.oneof(nasty, fc.string()), anything, { maxKeys: 2 });
  return fc.oneof(
    { weight: 5, arbitrary: known },
    { weight: 1, arbitrary: fc.tuple(known, extra).map(([one, other]) => ({ ...one, ...other })) },
    { weight: 1, arbitrary: anything },
  );
}

export interface FuzzedOperation {
  /** `GET /api/v1/…` */
  readonly name: string;
  readonly requests: fc.Arbitrary<FuzzedRequest>;
}

export function arbitraryRequests({ paths }: FuzzedDocument): readonly FuzzedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      requests: requestsOf(path, method.toUpperCase(), operation),
    })),
  );
}

function requestsOf(
  path: string,
  method: string,
  { parameters = [], requestBody }: Operation,
): fc.Arbitrary<FuzzedRequest> {
  const places = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const members = Object.fromEntries(query.map(({ name, schema = {} }) => [name, fc.oneof(valueOf(schema), nasty)]));
  const [content] = Object.values(requestBody?.content ?? {});
  return fc.record({
    method: fc.constant(method),
    path: fc
      .tuple(fc.tuple(...places.map(() => names)), fc.record(members, { requiredKeys: [] }))
      .map(([values, given]) => fillPath(path, places, { values, given })),
    body: requestBody === undefined ? fc.constant(undefined) : fc.oneof(valueOf(content?.schema ?? {}), anything),
  });
}

interface Filling {
  readonly values: readonly string[];
  readonly given: Readonly<Record<string, unknown>>;
}

function fillPath(path: string, places: readonly string[], { values, given }: Filling): string {
  const filled = places.reduce(
    (rest, place, index) => rest.replace(`{${place}}`, () => encode(values[index] ?? 'none') || '%20'),
    path,
  );
  const query = Object.entries(given).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${encode(name)}=${encode(textOf(each))}`),
  );
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Half a character has no bytes of its own: it is sent as what no UTF-8 is. */
function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text).replaceAll('.', '%2E') : '%ED%A0%80';
}
