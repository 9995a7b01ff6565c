/**
 * Makes the project's own data file of the types of Kubernetes from a schema of the API (see NOTICE).
 *
 *     node scripts/make-schema-data.ts schema.json
 *     node scripts/generate-types.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Defaults that the source names by the constant of Go that holds them. */
const constants: Readonly<Record<string, string>> = {
  AzureDataDiskCachingReadWrite: 'ReadWrite',
  AzureSharedBlobDisk: 'Shared',
};

interface Source {
  readonly types: Readonly<Record<string, { readonly fields?: ReadonlyArray<{ default?: string }> }>>;
}

const [input] = process.argv.slice(2);
if (input === undefined) throw new Error('usage: node scripts/make-schema-data.ts schema.json');
const schema: Source = JSON.parse(readFileSync(input, 'utf8'));

for (const [type, { fields = [] }] of Object.entries(schema.types)) {
  for (const field of fields) if (field.default !== undefined) field.default = resolveDefault(field.default, type);
}

writeFileSync(
  new URL('../packages/cluster/src/schema/kubernetes.json', import.meta.url),
  `${JSON.stringify(schema)}\n`,
);

/** JSON text, whatever the source says. */
function resolveDefault(text: string, type: string): string {
  const name = /^ref\((\w+)\)$/.exec(text)?.[1];
  if (name === undefined) return text;
  const value = constants[name];
  if (value === undefined) throw new Error(`${type} has a default named ${name}: say in this script what it is`);
  return JSON.stringify(value);
}
