import { relative } from 'node:path';

/** A folder with content of a volume. */
interface ContentFolder {
  readonly volume: string;
  readonly folder: string;
}

/**
 * Parts of volumes with content that containers have by a subPath: these keep what it was when they started, so that the
 * folder that it is in stays when the volume gets newer content.
 */
export class ContentSubPaths {
  /** By pod and container. */
  readonly #folders = new Map<string, Map<string, ContentFolder[]>>();

  /** `root` is that of the volume. Links are resolved in both. */
  add(podUid: string, container: string, { volume, root, path }: Record<'volume' | 'root' | 'path', string>): void {
    const ofPod = this.#folders.get(podUid) ?? new Map<string, ContentFolder[]>();
    this.#folders.set(podUid, ofPod);
    const [folder = ''] = relative(root, path).split('/', 1);
    ofPod.set(container, [...(ofPod.get(container) ?? []), { volume, folder }]);
  }

  /** Without a container: all of the pod. */
  forget(podUid: string, container?: string): void {
    if (container === undefined) this.#folders.delete(podUid);
    else this.#folders.get(podUid)?.delete(container);
  }

  /** Names of the folders of the volume in which they are. */
  foldersOf(podUid: string, volume: string): ReadonlySet<string> {
    const all = [...(this.#folders.get(podUid)?.values() ?? [])].flat();
    return new Set(all.filter((each) => each.volume === volume).map(({ folder }) => folder));
  }
}
