import type { Pod } from '@slipway/kube/api.generated';

/** Pods as they are known best: those that are watched, and those that were asked for since, where these are newer. */
export class NewestPods {
  readonly #asked = new Map<string, Pod>();

  /** How many are kept beside what is watched. */
  get kept(): number {
    return this.#asked.size;
  }

  keep(asked: readonly Pod[]): void {
    for (const pod of asked) this.#asked.set(uidOf(pod), pod);
  }

  /** What is watched, each at its newest. What was asked for is forgotten once it is no newer, or no longer watched. */
  choose(watched: readonly Pod[]): readonly Pod[] {
    const newest = watched.map((pod) => {
      const asked = this.#asked.get(uidOf(pod));
      return asked !== undefined && revisionOf(asked) > revisionOf(pod) ? asked : pod;
    });
    const isUsed = new Set(newest);
    for (const [uid, pod] of this.#asked) if (!isUsed.has(pod)) this.#asked.delete(uid);
    return newest;
  }
}

function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? '';
}

function revisionOf({ metadata }: Pod): number {
  return Number(metadata.resourceVersion);
}
