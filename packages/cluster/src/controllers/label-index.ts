/**
 * Finds what a selector selects, and the selectors that select an object, by the labels that both must share: holding each
 * against each would cost the square of a fleet. What is found may be more than what matches, and never less.
 */
import type { LabelSelector, PodDisruptionBudget, Service } from '@slipway/kube/api.generated';
import type { Informer } from '@slipway/kube/informer';
import type { KubeObject } from '@slipway/kube/object';
import { selectorOf } from '@slipway/kube/selector';

/** Objects by each of their labels, and by their namespace alone. */
export const byLabel = 'label';
/** Objects with a selector by a label without which nothing matches it, or by their namespace if there is none. */
export const bySelector = 'selector';

export function labelIndex({ metadata }: KubeObject): readonly string[] {
  const { namespace, labels = {} } = metadata;
  return [anyIn(namespace), ...Object.entries(labels).map(([key, value]) => labelled(namespace, { key, value }))];
}

export function selectorIndex({ metadata, spec }: PodDisruptionBudget): readonly string[] {
  return firstDemand(metadata.namespace, spec?.selector);
}

export function serviceSelectorIndex(service: Service): readonly string[] {
  return firstDemand(service.metadata.namespace, selectorOfService(service));
}

/** Absent and empty ones select nothing. */
export function selectorOfService({ spec }: Service): LabelSelector | undefined {
  const { selector = {} } = spec ?? {};
  return Object.keys(selector).length === 0 ? undefined : { matchLabels: selector };
}

interface Selecting {
  readonly namespace: string | undefined;
  /** Undefined selects nothing. */
  readonly selector: LabelSelector | undefined;
}

/** Of an informer with `byLabel`. */
export function selectedBy<T extends KubeObject>(
  informer: Informer<T>,
  { namespace, selector }: Selecting,
): readonly T[] {
  if (selector === undefined) return [];
  const sizeOf = (demand: readonly string[]): number =>
    demand.reduce((sum, value) => sum + informer.countByIndex(byLabel, value), 0);
  const [first = [], ...others] = demandsOf(namespace, selector);
  const rarest = others.reduce((best, demand) => (sizeOf(demand) < sizeOf(best) ? demand : best), first);
  return rarest.flatMap((value) => informer.byIndex(byLabel, value));
}

/** Of an informer with `bySelector`. */
export function selectorsFor<T extends KubeObject>(
  informer: Informer<T>,
  object: KubeObject | undefined,
): readonly T[] {
  return object === undefined ? [] : labelIndex(object).flatMap((value) => informer.byIndex(bySelector, value));
}

function firstDemand(namespace: string | undefined, selector: LabelSelector | undefined): readonly string[] {
  return selector === undefined ? [] : (demandsOf(namespace, selector)[0] ?? []);
}

/** Each must be met by one of its values; where no label is asked for, by the namespace. */
function demandsOf(namespace: string | undefined, selector: LabelSelector): readonly (readonly string[])[] {
  const demands = selectorOf(selector).flatMap(({ key, operator, values }) =>
    operator === 'In' ? [[...new Set(values)].map((value) => labelled(namespace, { key, value }))] : [],
  );
  return demands.length === 0 ? [[anyIn(namespace)]] : demands;
}

/** No label has an empty key. */
function anyIn(namespace: string | undefined): string {
  return `${namespace ?? ''}/`;
}

function labelled(namespace: string | undefined, { key, value }: { key: string; value: string }): string {
  return `${namespace ?? ''}/${key}=${value}`;
}
