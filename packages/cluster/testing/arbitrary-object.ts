/** Objects that follow a schema except where they do not: what a client in error, or in malice, sends. */
import fc from 'fast-check';
import type { SchemaNode } from '../src/schema/definition.ts';

/** Deeper than this only what is nothing of the schema. */
const maximumDepth = 9;

/** Fields that a value has at most: objects of Kubernetes have few of those that they may have. */
const maximumFields = 5;

/** Values that mean something to JavaScript, to Go, or to nobody. */
export const strangeValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', 0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER + 2, [], {}, [null], [[]]),
  fc.constantFrom<unknown>({ toString: 1 }, { constructor: {} }, { length: -1 }, 'a'.repeat(300), '\u0000', '../..'),
  fc.constantFrom<unknown>(
    { $patch: 'replace' },
    [{ $patch: 'delete' }],
    { $retainKeys: 1 },
    JSON.parse('{"__proto__":{"a":1}}'),
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.integer(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Nearly of the schema. */
export function arbitraryOf(node: SchemaNode, depth = 0): fc.Arbitrary<unknown> {
  if (depth > maximumDepth) return strangeValue;
  return fc.oneof(
    { weight: depth === 0 ? 60 : 12, arbitrary: typed(node, depth) },
    { weight: 1, arbitrary: strangeValue },
  );
}

function typed(node: SchemaNode, depth: number): fc.Arbitrary<unknown> {
  switch (node.kind) {
    case 'any':
      return fc.jsonValue({ maxDepth: 2 });
    case 'scalar':
      return scalar(node.type);
    case 'list':
      return fc.array(
        fc.constant(0).chain(() => arbitraryOf(node.items, depth + 1)),
        { maxLength: 3 },
      );
    case 'map':
      return fc.dictionary(
        name,
        fc.constant(0).chain(() => arbitraryOf(node.values, depth + 1)),
        { maxKeys: 3 },
      );
    case 'object':
      return object(node, depth);
  }
}

function object(node: SchemaNode & { readonly kind: 'object' }, depth: number): fc.Arbitrary<unknown> {
  const all = [...node.fields.keys()];
  const needed = [...node.fields].filter(([, field]) => field.required).map(([key]) => key);
  return fc
    .tuple(fc.subarray(all, { maxLength: Math.min(all.length, maximumFields) }), fc.integer({ min: 0, max: 9 }))
    .chain(([chosen, chance]) => {
      const names = [...new Set(chance === 0 ? chosen : [...needed, ...chosen])];
      const entries = names.flatMap((key) => {
        const field = node.fields.get(key);
        return field === undefined ? [] : [[key, arbitraryOf(field.node, depth + 1)] as const];
      });
      return fc.record(Object.fromEntries(entries));
    });
}

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'app', 'web', 'cpu', 'memory', 'a.b/c', '__proto__', ''),
  fc.string({ maxLength: 6 }),
);

function scalar(type: (SchemaNode & { readonly kind: 'scalar' })['type']): fc.Arbitrary<unknown> {
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(fc.constantFrom(0, 1, 2, 80, 53, -1, 65_536), fc.integer());
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'intOrString':
      return fc.constantFrom<unknown>(0, 1, '25%', 'http', '100%', '-1%', '', 'x%');
    case 'quantity':
      return fc.constantFrom<unknown>('1', '100m', '1Gi', '-1', '1e3', 0, '1.5E', '');
    case 'time':
    case 'microTime':
      return fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000Z', 'now', '');
    case 'duration':
      return fc.constantFrom('1s', '0', '', '1x');
    case 'bytes':
      return fc.constantFrom('', 'YQ==', 'a');
    case 'string':
      return fc.oneof(
        fc.constantFrom('a', 'b', 'web', 'c', 'TCP', 'UDP', 'Always', 'ClusterIP', 'None', '10.96.0.9', 'Equal', 'In'),
        name,
      );
  }
}
