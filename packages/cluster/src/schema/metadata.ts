import type { ObjectMeta } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import type { Fault } from './definition.ts';
import { forbidden, invalid, joinFaults, misnamed, required, tooLong } from './faults.ts';
import { goStrings } from './go-text.ts';
import { dns1123Label, labelValueText, qualifiedKey, type NameRule } from './names.ts';

const maximumAnnotationBytes = 256 * 1024;

export function validateMetadata(
  object: KubeObject,
  kind: { readonly nameRule: NameRule; readonly namespaced: boolean },
  old: KubeObject | undefined,
): readonly Fault[] {
  const { metadata } = object;
  const { labels, annotations, ownerReferences, finalizers } = metadata;
  return joinFaults([
    old === undefined ? validatePrefix(metadata, kind.nameRule) : none,
    validateName(metadata, kind.nameRule),
    validateNamespace(metadata, kind.namespaced),
    labels === undefined ? none : validateLabels(labels, 'metadata.labels'),
    annotations === undefined ? none : validateAnnotations(annotations),
    ownerReferences === undefined ? none : validateOwners(metadata),
    finalizers === undefined ? none : validateFinalizers(metadata, old?.metadata),
  ]);
}

const none: readonly never[] = [];

function validateName(metadata: ObjectMeta, nameRule: NameRule): readonly Fault[] {
  const { name } = metadata;
  if (name === undefined || name === '') return [required('metadata.name', 'name or generateName is required')];
  return misnamed('metadata.name', name, nameRule);
}

/** It is judged beside a given name, too. */
function validatePrefix({ generateName: prefix }: ObjectMeta, nameRule: NameRule): readonly Fault[] {
  if (prefix === undefined || prefix === '') return none;
  return nameRule(prefix, 'prefix').map((fault) => invalid('metadata.generateName', prefix, fault));
}

function validateNamespace({ namespace }: ObjectMeta, namespaced: boolean): readonly Fault[] {
  if (!namespaced)
    return namespace === undefined || namespace === ''
      ? []
      : [forbidden('metadata.namespace', 'not allowed on this type')];
  if (namespace === undefined || namespace === '') return [required('metadata.namespace')];
  return misnamed('metadata.namespace', namespace, dns1123Label);
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string): readonly Fault[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...misnamed(path, key, qualifiedKey),
    ...misnamed(path, value, labelValueText),
  ]);
}

function validateAnnotations(annotations: ObjectMeta['annotations']): readonly Fault[] {
  const entries = Object.entries(annotations ?? {});
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  const keys = entries.flatMap(([key]) =>
    qualifiedKey(key.toLowerCase()).map((fault) => invalid('metadata.annotations', key, fault)),
  );
  return size > maximumAnnotationBytes ? [...keys, tooLong('metadata.annotations', maximumAnnotationBytes)] : keys;
}

function validateOwners({ ownerReferences = [] }: ObjectMeta): readonly Fault[] {
  const faults = ownerReferences.flatMap((reference, index) => {
    const path = `metadata.ownerReferences[${index}]`;
    const fields = [
      ['apiVersion', reference.apiVersion],
      ['kind', reference.kind],
      ['name', reference.name],
      ['uid', reference.uid],
    ] as const;
    return fields
      .filter(([, value]) => value === undefined || value === '')
      .map(([name]) => required(`${path}.${name}`));
  });
  const controllers = ownerReferences.filter((reference) => reference.controller === true);
  if (controllers.length < 2) return faults;
  return [
    ...faults,
    invalid(
      'metadata.ownerReferences',
      controllers.map(({ name }) => name),
      'Only one reference can have Controller set to true.',
    ),
  ];
}

/** An object that is being deleted takes no new finalizers: it would never go. */
function validateFinalizers(
  { finalizers = [], deletionTimestamp }: ObjectMeta,
  old: ObjectMeta | undefined,
): readonly Fault[] {
  const faults = finalizers.flatMap((finalizer) => misnamed('metadata.finalizers', finalizer, qualifiedKey));
  if (old === undefined || deletionTimestamp === undefined) return faults;
  const added = finalizers.filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
  return added.length === 0
    ? faults
    : [
        ...faults,
        forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${goStrings(added).text}`,
        ),
      ];
}
