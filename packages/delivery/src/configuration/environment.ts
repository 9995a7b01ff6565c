/**
 * Variables of the platform, of a namespace: each version has copies of them as they were when it began. They are no part of
 * what tells versions apart: a change of them is no release, and the next release takes it along.
 */
import type { EnvFromSource, PodTemplateSpec } from '@slipway/kube/api.generated';
import { environmentName } from '../api/environment.ts';
import { contentOf, frozenName } from './content.ts';
import { findReferences, referenceKey, type Reference } from './references.ts';

/** The Secret comes later: it wins where both have a name. */
export const environmentReferences: readonly Reference[] = [
  { kind: 'ConfigMap', name: environmentName, isOptional: true },
  { kind: 'Secret', name: environmentName, isOptional: true },
];

/** Before what a template has, so that this wins. */
export function environmentSources(frozen: Readonly<Record<string, string>> = {}): readonly EnvFromSource[] {
  return environmentReferences.flatMap((reference) => {
    const name = frozen[referenceKey(reference)];
    if (name === undefined) return [];
    return [reference.kind === 'Secret' ? { secretRef: { name } } : { configMapRef: { name } }];
  });
}

/** Names of the copies that pods of a template are given, by `Kind/name` of what they copy. */
export function environmentGiven(template: PodTemplateSpec, application: string): Readonly<Record<string, string>> {
  const isCopy = ({ name }: Reference): boolean => name === frozenName(application, environmentName, contentOf(name));
  const copies = findReferences(template).filter(isCopy);
  return Object.fromEntries(copies.map(({ kind, name }) => [referenceKey({ kind, name: environmentName }), name]));
}
