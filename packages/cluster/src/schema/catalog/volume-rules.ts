/** What Kubernetes asks of where a volume comes from. */
import type { PodSpec } from '@slipway/kube/api.generated';
import { compareQuantities, isQuantity } from '@slipway/kube/quantity';
import type { Fault } from '../definition.ts';
import { forbidden, invalid, notSupported, required } from '../faults.ts';
import { checkFileReference } from './reference-rules.ts';

type Volume = NonNullable<PodSpec['volumes']>[number];

export function checkVolume(volume: Volume, path: string): readonly Fault[] {
  const { configMap, secret, downwardAPI, projected, emptyDir, hostPath, persistentVolumeClaim: claim } = volume;
  const { sizeLimit } = emptyDir ?? {};
  return [
    ...(configMap === undefined ? [] : needed(configMap.name, `${path}.configMap.name`)),
    ...(secret === undefined ? [] : needed(secret.secretName, `${path}.secret.secretName`)),
    ...(claim === undefined ? [] : needed(claim.claimName, `${path}.persistentVolumeClaim.claimName`)),
    ...(hostPath === undefined ? [] : checkHostPath(hostPath, `${path}.hostPath`)),
    ...(sizeLimit !== undefined && isQuantity(sizeLimit) && compareQuantities(sizeLimit, 0) < 0
      ? [forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : []),
    ...Object.entries({ configMap, secret, downwardAPI, projected }).flatMap(([kind, source]) =>
      source === undefined ? [] : checkModes(source, `${path}.${kind}`),
    ),
    ...checkKeys({ configMap, secret }, path),
    ...checkFilesOfPod(downwardAPI, `${path}.downwardAPI`),
    ...(projected?.sources ?? []).flatMap((source, index) =>
      checkProjected(source, `${path}.projected.sources[${index}]`),
    ),
  ];
}

type ProjectedSource = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

function checkProjected({ configMap, secret, downwardAPI }: ProjectedSource, path: string): readonly Fault[] {
  return [
    ...Object.entries({ configMap, secret }).flatMap(([kind, source]) =>
      source === undefined ? [] : needed(source.name, `${path}.${kind}.name`),
    ),
    ...Object.entries({ configMap, secret, downwardAPI }).flatMap(([kind, source]) =>
      source === undefined ? [] : checkModes(source, `${path}.${kind}`),
    ),
    ...checkKeys({ configMap, secret }, path),
    ...checkFilesOfPod(downwardAPI, `${path}.downwardAPI`),
  ];
}

function checkFilesOfPod({ items = [] }: NonNullable<Volume['downwardAPI']> = {}, path: string): readonly Fault[] {
  return items.flatMap((item, index) => checkFileReference(item, `${path}.items[${index}]`));
}

function needed(text: string | undefined, field: string): readonly Fault[] {
  return text === undefined || text === '' ? [required(field)] : [];
}

interface Keyed {
  readonly items?: readonly { readonly key: string }[] | undefined;
}

function checkKeys(sources: Readonly<Record<string, Keyed | undefined>>, path: string): readonly Fault[] {
  return Object.entries(sources).flatMap(([kind, source]) =>
    (source?.items ?? []).flatMap(({ key }, index) => needed(key, `${path}.${kind}.items[${index}].key`)),
  );
}

interface Moded {
  readonly defaultMode?: number | undefined;
  readonly items?: readonly { readonly mode?: number | undefined }[] | undefined;
}

function checkModes({ defaultMode, items = [] }: Moded, path: string): readonly Fault[] {
  return [
    ...checkMode(defaultMode, `${path}.defaultMode`),
    ...items.flatMap(({ mode }, index) => checkMode(mode, `${path}.items[${index}].mode`)),
  ];
}

function checkMode(mode: number | undefined, field: string): readonly Fault[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

function checkHostPath(
  { path = '', type = '' }: Partial<NonNullable<Volume['hostPath']>>,
  at: string,
): readonly Fault[] {
  return [
    ...needed(path, `${at}.path`),
    ...(path.split('/').includes('..') ? [invalid(`${at}.path`, path, "must not contain '..'")] : []),
    ...(hostPathTypes.includes(type) ? [] : [notSupported(`${at}.type`, type, hostPathTypes)]),
  ];
}
