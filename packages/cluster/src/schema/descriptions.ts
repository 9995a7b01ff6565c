/**
 * What `kubectl explain` tells of the types of Kubernetes, in our own words (descriptions.json): of a type by its name, of a
 * field by its own name or, where it means something else than elsewhere, by that of its type and its own. Read when the
 * first OpenAPI document is made.
 */
import { readFileSync } from 'node:fs';

interface Descriptions {
  readonly types: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

let loaded: Descriptions | undefined;

function descriptions(): Descriptions {
  loaded ??= JSON.parse(readFileSync(new URL('./descriptions.json', import.meta.url), 'utf8')) as Descriptions;
  return loaded;
}

/** Of a type such as `io.k8s.api.core.v1.Pod`. */
export function describeType(type: string): string | undefined {
  return descriptions().types[shortName(type)];
}

export function describeField(type: string, field: string): string | undefined {
  const { fields } = descriptions();
  return fields[`${shortName(type)}.${field}`] ?? fields[field];
}

function shortName(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}
