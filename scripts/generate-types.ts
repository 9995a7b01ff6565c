/**
 * Writes the TypeScript types of the Kubernetes objects that Slipway touches, from the schema data file that the
 * embedded cluster serves its OpenAPI documents from: one source for what we compile against and what we answer.
 *
 *     node scripts/generate-types.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';

type TypeRef = string | readonly ['list' | 'map', TypeRef];

interface FieldData {
  readonly name: string;
  readonly type: TypeRef;
  readonly required?: boolean;
  readonly inline?: boolean;
}

interface TypeData {
  readonly fields?: readonly FieldData[];
  readonly alias?: TypeRef;
  readonly enum?: readonly string[];
}

interface SchemaData {
  readonly kinds: ReadonlyArray<{ readonly type: string }>;
  readonly types: Readonly<Record<string, TypeData>>;
}

const scalars: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  float64: 'number',
  bytes: 'string',
  Time: 'string',
  MicroTime: 'string',
  Duration: 'string',
  Quantity: 'string | number',
  IntOrString: 'string | number',
  RawExtension: 'unknown',
  FieldsV1: 'unknown',
  JSON: 'unknown',
};

const source = new URL('../packages/cluster/src/schema/kubernetes.json', import.meta.url);
const target = new URL('../packages/kube/src/api.generated.ts', import.meta.url);

const schema: SchemaData = JSON.parse(readFileSync(source, 'utf8'));

function lastSegment(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** The short name, or group, version and short name where several groups use it and neither core nor meta does. */
function typeName(type: string): string {
  const short = lastSegment(type);
  const namesakes = Object.keys(schema.types).filter((other) => lastSegment(other) === short);
  const preferred =
    namesakes.find((other) => other.includes('.core.v1.')) ?? namesakes.find((other) => other.includes('.meta.v1.'));
  if (namesakes.length === 1 || type === preferred) return short;
  const [group = '', version = ''] = type.split('.').slice(-3, -1);
  return capitalize(group) + capitalize(version) + short;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const pending: string[] = [];
const written = new Set<string>();

function reference(type: TypeRef): string {
  if (typeof type !== 'string') {
    const item = reference(type[1]);
    return type[0] === 'list' ? `ReadonlyArray<${item}>` : `Readonly<Record<string, ${item}>>`;
  }
  const scalar = scalars[type] ?? scalars[lastSegment(type)];
  if (scalar !== undefined && schema.types[type]?.fields === undefined) return scalar;
  if (schema.types[type] === undefined) throw new Error(`the schema names the type ${type} and does not hold it`);
  pending.push(type);
  return typeName(type);
}

function fieldLines(type: string): string[] {
  const lines: string[] = [];
  for (const field of schema.types[type]?.fields ?? []) {
    if (field.inline === true && typeof field.type === 'string') {
      lines.push(...fieldLines(field.type));
      continue;
    }
    const rendered = reference(field.type);
    const name = /^[A-Za-z_$][\w$]*$/.test(field.name) ? field.name : JSON.stringify(field.name);
    lines.push(
      field.required === true ? `  readonly ${name}: ${rendered};` : `  readonly ${name}?: ${rendered} | undefined;`,
    );
  }
  return lines;
}

function declaration(type: string, isKind: boolean): string {
  const data = schema.types[type];
  if (data?.alias !== undefined) {
    const values = data.enum?.map((value) => JSON.stringify(value)).join(' | ');
    return `export type ${typeName(type)} = ${values ?? reference(data.alias)};\n`;
  }
  const header = isKind ? ['  readonly apiVersion?: string | undefined;', '  readonly kind?: string | undefined;'] : [];
  const own = fieldLines(type).filter((line) => !isKind || !/readonly (apiVersion|kind)\?/.test(line));
  const lines = isKind
    ? own.map((line) => line.replace('readonly metadata?: ObjectMeta | undefined', 'readonly metadata: ObjectMeta'))
    : own;
  return `export interface ${typeName(type)} {\n${[...header, ...lines].join('\n')}\n}\n`;
}

function render(): string {
  const kinds = new Set(schema.kinds.map((kind) => kind.type));
  pending.push(...kinds, 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta');
  const parts: string[] = [];
  for (let type = pending.shift(); type !== undefined; type = pending.shift()) {
    if (written.has(type)) continue;
    written.add(type);
    parts.push(declaration(type, kinds.has(type)));
  }
  const head =
    '// Made by scripts/generate-types.ts from the schema data of Kubernetes 1.32 (see NOTICE). Do not edit.\n';
  return `${head}\n${parts.join('\n')}`;
}

writeFileSync(target, render());
