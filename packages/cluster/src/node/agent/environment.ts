/** A container's variables from all their sources, decided without looking anything up: what is referred to is passed in. */
import type { ConfigMap, Container, EnvFromSource, EnvVar, EnvVarSource, Secret } from '@slipway/kube/api.generated';
import { isVariableName } from '../../schema/variable-name.ts';
import { ConfigError } from './config-error.ts';
import { expandReferences } from './expansion.ts';
import { resolveField, type PodFacts } from './field-reference.ts';
import { resolveResource, type ResourceCircumstances } from './resource-reference.ts';

export interface EnvironmentSources {
  readonly facts: PodFacts;
  readonly container: Container;
  readonly allocatable: ResourceCircumstances['allocatable'];
  readonly services: Readonly<Record<string, string>>;
  /** Those of the pod's namespace that `listEnvironmentReferences` names, as far as they exist. */
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
}

export interface Environment {
  readonly variables: Readonly<Record<string, string>>;
  /** Keys of envFrom sources that cannot be names of variables, each with its source in words. */
  readonly skipped: readonly string[];
}

export interface ObjectReferences {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
}

export function listEnvironmentReferences({ envFrom = [], env = [] }: Container): ObjectReferences {
  const named = (names: ReadonlyArray<string | undefined>): readonly string[] => [
    ...new Set(names.filter((name) => name !== undefined)),
  ];
  return {
    configMaps: named([
      ...envFrom.map(({ configMapRef }) => configMapRef?.name),
      ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
    ]),
    secrets: named([
      ...envFrom.map(({ secretRef }) => secretRef?.name),
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ]),
  };
}

/** Later sources win: Services, `envFrom` in order, `env` in order. A value may refer to what stands before it. */
export function calculateEnvironment(sources: EnvironmentSources): Environment {
  const own = new Map<string, string>();
  const skipped: string[] = [];
  for (const source of sources.container.envFrom ?? []) {
    for (const [key, value] of Object.entries(fetchAll(source, sources))) {
      const name = `${source.prefix ?? ''}${key}`;
      if (isVariableName(name)) own.set(name, value);
      else skipped.push(name);
    }
  }
  const lookUp = (name: string): string | undefined =>
    own.get(name) ?? (Object.hasOwn(sources.services, name) ? sources.services[name] : undefined);
  for (const variable of sources.container.env ?? []) {
    const value = resolveVariable(variable, lookUp, sources);
    if (value !== undefined) own.set(variable.name, value);
  }
  return { variables: { ...sources.services, ...Object.fromEntries(own) }, skipped };
}

/** Undefined: an optional source is missing, and the variable with it. */
function resolveVariable(
  variable: EnvVar,
  lookUp: (name: string) => string | undefined,
  sources: EnvironmentSources,
): string | undefined {
  if (variable.value !== undefined && variable.value !== '') return expandReferences(variable.value, lookUp);
  return variable.valueFrom === undefined ? '' : resolveSource(variable.valueFrom, sources);
}

function resolveSource(source: EnvVarSource, sources: EnvironmentSources): string | undefined {
  const { facts, container, allocatable } = sources;
  if (source.fieldRef !== undefined) return resolveField(facts, source.fieldRef.fieldPath);
  if (source.resourceFieldRef !== undefined) {
    return resolveResource(source.resourceFieldRef, { pod: facts.pod, container, allocatable });
  }
  if (source.configMapKeyRef !== undefined) {
    const { name = '', key, optional } = source.configMapKeyRef;
    const data = dataOf('configmap', name, sources);
    return required(data?.[key], optional, () =>
      missingKey('ConfigMap', { name, key, found: data !== undefined }, sources),
    );
  }
  if (source.secretKeyRef !== undefined) {
    const { name = '', key, optional } = source.secretKeyRef;
    const data = dataOf('secret', name, sources);
    return required(data?.[key], optional, () =>
      missingKey('Secret', { name, key, found: data !== undefined }, sources),
    );
  }
  return '';
}

function required<T>(value: T | undefined, optional: boolean | undefined, message: () => string): T | undefined {
  if (value === undefined && optional !== true) throw new ConfigError(message());
  return value;
}

function missingKey(
  kind: 'ConfigMap' | 'Secret',
  { name, key, found }: { readonly name: string; readonly key: string; readonly found: boolean },
  { facts }: EnvironmentSources,
): string {
  const namespace = facts.pod.metadata.namespace ?? '';
  return found
    ? `couldn't find key ${key} in ${kind} ${namespace}/${name}`
    : `${kind.toLowerCase()} "${name}" not found`;
}

function fetchAll(source: EnvFromSource, sources: EnvironmentSources): Readonly<Record<string, string>> {
  const [kind, reference] =
    source.configMapRef === undefined
      ? (['secret', source.secretRef] as const)
      : (['configmap', source.configMapRef] as const);
  const name = reference?.name ?? '';
  return required(dataOf(kind, name, sources), reference?.optional, () => `${kind} "${name}" not found`) ?? {};
}

function dataOf(
  kind: 'configmap' | 'secret',
  name: string,
  { configMaps, secrets }: EnvironmentSources,
): Readonly<Record<string, string>> | undefined {
  if (kind === 'configmap') {
    const found = configMaps.get(name);
    return found && (found.data ?? {});
  }
  const found = secrets.get(name);
  if (found === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}
