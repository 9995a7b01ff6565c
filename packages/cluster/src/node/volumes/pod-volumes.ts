import { join } from 'node:path';
import type {
  Container,
  EmptyDirVolumeSource,
  Pod,
  ResourceList,
  Volume,
  VolumeMount,
} from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import { quantityMilliValue } from '@slipway/kube/quantity';
import { StatusError } from '@slipway/kube/status-error';
import { ConfigError } from '../agent/config-error.ts';
import { expandReferences } from '../agent/expansion.ts';
import type { ReferencedObjects } from '../agent/referenced-objects.ts';
import type { FilePlace, Files } from '../files.ts';
import type { MemoryVolumes, Mount } from '../runtime.ts';
import { writeAtomically } from './atomic-writer.ts';
import { ContentSubPaths } from './content-sub-paths.ts';
import { emptyDirMode, groupEmptyDirMode } from './fs-group.ts';
import { prepareHostPath } from './host-path.ts';
import { VolumeError } from './volume-error.ts';
import type { PodTokens } from './pod-tokens.ts';
import { calculateVolumeFiles, isContentVolume, listTokenProjections, listVolumeReferences } from './volume-files.ts';

export interface PodVolumesOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: () => number;
  readonly objects: ReferencedObjects;
  readonly tokens: PodTokens;
  readonly nodeName: string;
  readonly nodeIP: string;
  readonly allocatable: ResourceList;
  /** Holds a folder a pod. */
  readonly directory: string;
  /** Holds another one for what objects of the API say: Secrets are written to no disk where they need not be. Absent: the same. */
  readonly content?: FilePlace | undefined;
  readonly memoryVolumes?: MemoryVolumes | undefined;
}

interface MountedVolume {
  readonly pod: Pod;
  readonly container: Container;
  readonly volume: Volume;
  readonly mount: VolumeMount;
  /** For `subPathExpr`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The volumes of all pods of this node, in `<directory of its kind>/<pod uid>/volumes/<name>`. */
export class PodVolumes {
  readonly #options: PodVolumesOptions;
  /** The end of what is being done to a pod's volumes; pods without an entry have none. */
  readonly #work = new Map<string, Promise<void>>();
  /** Directories of a pod whose files are in memory. */
  readonly #inMemory = new Map<string, Set<string>>();
  readonly #subPaths = new ContentSubPaths();

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  /** Makes all volumes. Rejects with a `VolumeError`. */
  prepare(pod: Pod): Promise<void> {
    return this.#inTurn(pod.metadata.uid ?? '', async () => {
      for (const volume of pod.spec?.volumes ?? []) await this.#prepareOne(pod, volume);
    });
  }

  /** Of a pod whose volumes were made: brings up to date what has content that can change. */
  async refresh(pod: Pod): Promise<void> {
    const podUid = pod.metadata.uid ?? '';
    if (!this.#work.has(podUid)) return;
    await this.#inTurn(podUid, async () => {
      for (const volume of pod.spec?.volumes ?? []) {
        if (isContentVolume(volume)) await this.#writeContent(pod, volume);
      }
    });
  }

  async mountsOf(
    pod: Pod,
    container: Container,
    environment: Readonly<Record<string, string>>,
  ): Promise<readonly Mount[]> {
    const mounts: Mount[] = [];
    this.#subPaths.forget(pod.metadata.uid ?? '', container.name);
    for (const mount of container.volumeMounts ?? []) {
      const volume = pod.spec?.volumes?.find(({ name }) => name === mount.name);
      if (volume === undefined)
        throw new ConfigError(`volume "${mount.name}" of a volumeMount is not among the pod's volumes`);
      const hostPath = await this.#pathOf({ pod, container, volume, mount, environment });
      // What says what objects say is nobody's to write but the node's, which else would go where a container leads it.
      const readOnly = isContentVolume(volume) || (mount.readOnly ?? false);
      mounts.push({ hostPath, containerPath: mount.mountPath, readOnly });
    }
    return mounts;
  }

  /** Bytes that a volume takes. */
  usageOf(podUid: string, volume: string): Promise<number> {
    return this.#options.files.usage(join(this.#options.directory, podUid, 'volumes', volume));
  }

  /** Everything that the node keeps of a pod: volumes and logs. */
  async remove(podUid: string): Promise<void> {
    const before = this.#work.get(podUid);
    this.#work.delete(podUid);
    await before;
    for (const path of this.#inMemory.get(podUid) ?? []) await this.#options.memoryVolumes?.unmount(path);
    this.#inMemory.delete(podUid);
    this.#subPaths.forget(podUid);
    this.#options.tokens.forget(podUid);
    const { files, directory, content } = this.#options;
    await content?.files.remove(join(content.directory, podUid));
    await files.remove(join(directory, podUid));
  }

  /** One after the other, so that an older content never replaces a newer one. */
  #inTurn<T>(podUid: string, task: () => Promise<T>): Promise<T> {
    const work = (this.#work.get(podUid) ?? Promise.resolve()).then(task);
    const end = work.then(
      () => undefined,
      () => undefined,
    );
    this.#work.set(podUid, end);
    return work;
  }

  async #prepareOne(pod: Pod, volume: Volume): Promise<void> {
    const { files } = this.#options;
    if (volume.hostPath !== undefined) {
      await prepareHostPath(files, volume.name, volume.hostPath);
    } else if (isContentVolume(volume)) {
      await this.#writeContent(pod, volume);
    } else if (volume.emptyDir !== undefined || Object.keys(volume).length === 1) {
      await this.#prepareEmptyDir(pod, volume);
    } else {
      const kind = Object.keys(volume).find((key) => key !== 'name') ?? '';
      throw new VolumeError(
        volume.name,
        `volumes of type ${kind} are not supported by this node; expected emptyDir, configMap, secret, downwardAPI, projected or hostPath`,
      );
    }
  }

  async #prepareEmptyDir(pod: Pod, { name, emptyDir }: Volume): Promise<void> {
    const { files, memoryVolumes } = this.#options;
    const directory = this.#directoryOf(pod, { name });
    await files.makeDirectory(directory, emptyDirMode);
    if (emptyDir?.medium === 'Memory' && memoryVolumes !== undefined) {
      const podUid = pod.metadata.uid ?? '';
      this.#inMemory.set(podUid, (this.#inMemory.get(podUid) ?? new Set()).add(directory));
      await memoryVolumes.mount(directory, sizeLimitOf(emptyDir));
    }
    const group = pod.spec?.securityContext?.fsGroup;
    if (group === undefined) return;
    await files.changeGroup(directory, group);
    await files.changeMode(directory, groupEmptyDirMode);
  }

  async #writeContent(pod: Pod, volume: Volume): Promise<void> {
    const { objects, nodeName, nodeIP, allocatable, clock, random } = this.#options;
    const { files } = this.#placeOf(volume);
    // Where nothing is kept, nobody reads a token.
    if (files.discards && listTokenProjections(volume).length > 0) return;
    const found = await objects.fetch(pod, listVolumeReferences([volume]));
    const tokens = await this.#fetchTokens(pod, volume);
    const facts = { pod, nodeName, podIP: pod.status?.podIP ?? '', hostIP: nodeIP };
    const content = calculateVolumeFiles(volume, { facts, allocatable, tokens, ...found });
    if (files.discards) return;
    const directory = this.#directoryOf(pod, volume);
    await files.makeDirectory(directory, 0o755);
    const version = `${clock.now()}.${Math.floor(random() * 1e9)}`;
    const kept = this.#subPaths.foldersOf(pod.metadata.uid ?? '', volume.name);
    await writeAtomically(files, directory, { content, version, group: pod.spec?.securityContext?.fsGroup, kept });
  }

  async #fetchTokens(pod: Pod, volume: Volume): Promise<ReadonlyMap<string, string>> {
    const tokens = new Map<string, string>();
    for (const projection of listTokenProjections(volume)) {
      try {
        tokens.set(projection.path, await this.#options.tokens.fetch(pod, projection));
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        throw new VolumeError(volume.name, `failed to fetch token: ${error.message}`);
      }
    }
    return tokens;
  }

  async #pathOf({ pod, container, volume, mount, environment }: MountedVolume): Promise<string> {
    const root = volume.hostPath?.path ?? this.#directoryOf(pod, volume);
    const subPath =
      mount.subPathExpr === undefined
        ? mount.subPath
        : expandReferences(mount.subPathExpr, (name) => environment[name]);
    if (subPath === undefined || subPath === '') return root;
    if (!isContentVolume(volume)) return this.#subPathOf(root, subPath);
    const podUid = pod.metadata.uid ?? '';
    return this.#inTurn(podUid, async () => {
      const path = await this.#subPathOf(root, subPath);
      const realRoot = (await this.#options.files.realPath(root)) ?? root;
      this.#subPaths.add(podUid, container.name, { volume: volume.name, root: realRoot, path });
      return path;
    });
  }

  /** Made as a folder if missing. Links are resolved, and may not lead out of the volume. */
  async #subPathOf(root: string, subPath: string): Promise<string> {
    const { files } = this.#options;
    if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
      throw new ConfigError(`subPath "${subPath}" must be relative and must not contain ".."`);
    }
    const path = join(root, subPath);
    const realRoot = (await files.realPath(root)) ?? root;
    if ((await files.kindOf(path)) === undefined) {
      this.#requireInside(realRoot, await this.#nearestExisting(path), subPath);
      await files.makeDirectory(path, 0o755);
    }
    const real = (await files.realPath(path)) ?? path;
    this.#requireInside(realRoot, real, subPath);
    return real;
  }

  async #nearestExisting(path: string): Promise<string> {
    return (await this.#options.files.realPath(path)) ?? this.#nearestExisting(join(path, '..'));
  }

  #requireInside(root: string, path: string, subPath: string): void {
    if (path === root || path.startsWith(`${root}/`)) return;
    throw new ConfigError(`subPath "${subPath}" leads out of its volume through a link`);
  }

  #directoryOf(pod: Pod, volume: Volume): string {
    return join(this.#placeOf(volume).directory, pod.metadata.uid ?? '', 'volumes', volume.name);
  }

  #placeOf(volume: Volume): FilePlace {
    const { content } = this.#options;
    return content === undefined || !isContentVolume(volume) ? this.#options : content;
  }
}

/** In bytes; no limit if it is 0. */
export function sizeLimitOf({ sizeLimit }: EmptyDirVolumeSource): number | undefined {
  const bytes = Math.ceil(quantityMilliValue(sizeLimit) / 1000);
  return bytes > 0 ? bytes : undefined;
}
