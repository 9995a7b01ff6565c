/** What the files of a configMap, secret, downwardAPI or projected volume are, decided from objects that are passed in. */
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '@slipway/kube/api.generated';
import type { ObjectReferences } from '../agent/environment.ts';
import { resolveField, type PodFacts } from '../agent/field-reference.ts';
import { resolveResource, type ResourceCircumstances } from '../agent/resource-reference.ts';
import { VolumeError } from './volume-error.ts';

export interface VolumeFile {
  readonly content: Uint8Array;
  readonly mode: number;
}

/** By path relative to the volume. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;

export interface VolumeSources {
  readonly facts: PodFacts;
  readonly allocatable: ResourceCircumstances['allocatable'];
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** By the path that they are to have. */
  readonly tokens: ReadonlyMap<string, string>;
}

const defaultMode = 0o644;

/** Every kind of content volume as a list of projections; undefined for volumes of other kinds. */
function projectionsOf(
  volume: Volume,
): { readonly sources: readonly VolumeProjection[]; readonly mode: number } | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (projected !== undefined) return { sources: projected.sources ?? [], mode: projected.defaultMode ?? defaultMode };
  if (configMap !== undefined) return { sources: [{ configMap }], mode: configMap.defaultMode ?? defaultMode };
  if (downwardAPI !== undefined) return { sources: [{ downwardAPI }], mode: downwardAPI.defaultMode ?? defaultMode };
  if (secret === undefined) return undefined;
  const { secretName, items, optional } = secret;
  return { sources: [{ secret: { name: secretName, items, optional } }], mode: secret.defaultMode ?? defaultMode };
}

export function isContentVolume(volume: Volume): boolean {
  return projectionsOf(volume) !== undefined;
}

export function listVolumeReferences(volumes: readonly Volume[]): ObjectReferences {
  const sources = volumes.flatMap((volume) => projectionsOf(volume)?.sources ?? []);
  const unique = (names: ReadonlyArray<string | undefined>): readonly string[] => [
    ...new Set(names.filter((name) => name !== undefined)),
  ];
  return {
    configMaps: unique(sources.map(({ configMap }) => configMap?.name)),
    secrets: unique(sources.map(({ secret }) => secret?.name)),
  };
}

export function listTokenProjections(volume: Volume): readonly ServiceAccountTokenProjection[] {
  return (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
}

/** Whether there are files whose content changes with the labels and annotations of the pod. */
export function showsMarks(volume: Volume): boolean {
  const items = projectionsOf(volume)?.sources.flatMap(({ downwardAPI }) => downwardAPI?.items ?? []) ?? [];
  return items.some(({ fieldRef }) => /^metadata\.(labels|annotations)\b/.test(fieldRef?.fieldPath ?? ''));
}

export function calculateVolumeFiles(volume: Volume, sources: VolumeSources): VolumeFiles {
  const projections = projectionsOf(volume);
  const files = new Map<string, VolumeFile>();
  for (const projection of projections?.sources ?? []) {
    for (const [path, file] of projectionFiles(projection, {
      volume: volume.name,
      mode: projections?.mode ?? defaultMode,
      sources,
    })) {
      files.set(safePath(volume.name, path), file);
    }
  }
  return files;
}

interface Projecting {
  readonly volume: string;
  readonly mode: number;
  readonly sources: VolumeSources;
}

function projectionFiles(projection: VolumeProjection, when: Projecting): VolumeFiles {
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
  if (configMap !== undefined) {
    const found = when.sources.configMaps.get(configMap.name ?? '');
    return pick({ ...configMap, kind: 'configmap', data: found && configMapData(found) }, when);
  }
  if (secret !== undefined) {
    const found = when.sources.secrets.get(secret.name ?? '');
    return pick({ ...secret, kind: 'secret', data: found && decode(found.data ?? {}) }, when);
  }
  if (downwardAPI !== undefined) {
    return new Map((downwardAPI.items ?? []).map((item) => [item.path, downwardFile(item, when)]));
  }
  if (serviceAccountToken !== undefined) {
    const { path } = serviceAccountToken;
    return new Map([[path, { content: Buffer.from(when.sources.tokens.get(path) ?? ''), mode: when.mode }]]);
  }
  const kind = Object.keys(projection)[0] ?? 'nothing';
  throw new VolumeError(
    when.volume,
    `projection of ${kind} is not supported by this node; expected configMap, secret, downwardAPI or serviceAccountToken`,
  );
}

function configMapData({ data = {}, binaryData = {} }: ConfigMap): ReadonlyMap<string, Uint8Array> {
  const texts = Object.entries(data).map(([key, value]) => [key, Buffer.from(value)] as const);
  return new Map([...texts, ...decode(binaryData)]);
}

function decode(data: Readonly<Record<string, string>>): ReadonlyMap<string, Uint8Array> {
  return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}

interface Pick {
  readonly kind: 'configmap' | 'secret';
  readonly name?: string | undefined;
  readonly items?: readonly KeyToPath[] | undefined;
  readonly optional?: boolean | undefined;
  readonly data: ReadonlyMap<string, Uint8Array> | undefined;
}

function pick({ kind, name = '', items, optional = false, data }: Pick, { volume, mode }: Projecting): VolumeFiles {
  if (data === undefined && !optional) throw new VolumeError(volume, `${kind} "${name}" not found`);
  const all = data ?? new Map<string, Uint8Array>();
  if (items === undefined || items.length === 0)
    return new Map([...all].map(([key, content]) => [key, { content, mode }]));
  const files = new Map<string, VolumeFile>();
  for (const item of items) {
    const content = all.get(item.key);
    if (content !== undefined) files.set(item.path, { content, mode: item.mode ?? mode });
    else if (!optional) throw new VolumeError(volume, `${kind} references non-existent config key: ${item.key}`);
  }
  return files;
}

function downwardFile(item: DownwardAPIVolumeFile, { mode, sources }: Projecting): VolumeFile {
  const { facts, allocatable } = sources;
  const text =
    item.resourceFieldRef === undefined
      ? resolveField(facts, item.fieldRef?.fieldPath ?? '')
      : resolveResource(item.resourceFieldRef, { pod: facts.pod, container: undefined, allocatable });
  return { content: Buffer.from(text), mode: item.mode ?? mode };
}

/** The API refuses such paths; a volume never leaves its folder even so. */
function safePath(volume: string, path: string): string {
  const parts = path.split('/');
  if (path === '' || path.startsWith('/') || parts.includes('..') || parts[0]?.startsWith('..') === true) {
    throw new VolumeError(volume, `invalid path ${path}: it must be relative and must not begin with or contain ".."`);
  }
  return parts.filter((part) => part !== '' && part !== '.').join('/');
}
