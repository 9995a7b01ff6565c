import type { StoredObject } from './store.ts';

/** Blocks are split when they grow past this: an insertion moves at most so many references. */
const maxBlockLength = 512;

/** Greater than every key that starts with the prefix: keys are names and paths, which never hold this code unit. */
const pastEveryKey = '\uffff';

/** `/<group>/<plural>/` of a key or of a longer prefix; undefined where it does not reach that far. */
export function resourceOf(key: string): string | undefined {
  const group = key.indexOf('/', 1);
  const end = group < 0 ? -1 : key.indexOf('/', group + 1);
  return end < 0 ? undefined : key.slice(0, end + 1);
}

interface Position {
  readonly block: number;
  readonly index: number;
}

/**
 * Objects by key and in the order of keys. Kept as sorted blocks, so that a list by prefix is a run of neighbours and an
 * insertion into 100,000 objects moves a few hundred references instead of all of them.
 */
export class SortedObjects {
  readonly #byKey = new Map<string, StoredObject>();
  readonly #blocks: StoredObject[][] = [];
  /** Of whole resources, which is asked with every write. */
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#byKey.get(key);
  }

  set(object: StoredObject): void {
    const before = this.#byKey.size;
    this.#byKey.set(object.key, object);
    // In a map of many a look at whether it is there takes as long as to put it there.
    const isNew = this.#byKey.size > before;
    if (isNew) this.#countUp(object.key, 1);
    const at = this.#lowerBound(object.key);
    const block = this.#blocks[at.block];
    if (block === undefined) {
      this.#append(object);
      return;
    }
    block.splice(at.index, isNew ? 0 : 1, object);
    if (block.length > maxBlockLength) {
      this.#blocks.splice(at.block + 1, 0, block.splice(maxBlockLength / 2));
    }
  }

  delete(key: string): void {
    if (!this.#byKey.delete(key)) return;
    this.#countUp(key, -1);
    const at = this.#lowerBound(key);
    const block = this.#blocks[at.block];
    block?.splice(at.index, 1);
    if (block?.length === 0) this.#blocks.splice(at.block, 1);
  }

  /** By key. */
  list(prefix: string): StoredObject[] {
    const from = this.#lowerBound(prefix);
    const to = this.#lowerBound(prefix + pastEveryKey);
    const found: StoredObject[] = [];
    for (let block = from.block; block <= to.block; block++) {
      const objects = this.#blocks[block];
      if (objects === undefined) break;
      const start = block === from.block ? from.index : 0;
      const end = block === to.block ? to.index : objects.length;
      for (const object of objects.slice(start, end)) found.push(object);
    }
    return found;
  }

  count(prefix: string): number {
    return resourceOf(prefix) === prefix ? (this.#counts.get(prefix) ?? 0) : this.#countBetween(prefix);
  }

  #countUp(key: string, difference: number): void {
    const resource = resourceOf(key);
    if (resource !== undefined) this.#counts.set(resource, (this.#counts.get(resource) ?? 0) + difference);
  }

  #countBetween(prefix: string): number {
    const from = this.#lowerBound(prefix);
    const to = this.#lowerBound(prefix + pastEveryKey);
    let count = to.index - from.index;
    for (let block = from.block; block < to.block; block++) count += this.#blocks[block]?.length ?? 0;
    return count;
  }

  /** At the end: the caller has found that every key is smaller. */
  #append(object: StoredObject): void {
    const last = this.#blocks.at(-1);
    if (last === undefined || last.length >= maxBlockLength) this.#blocks.push([object]);
    else last.push(object);
  }

  /** Where the first object with this key or a greater one stands; past the last block if there is none. */
  #lowerBound(key: string): Position {
    const block = partitionPoint(this.#blocks, (objects) => isBefore(objects.at(-1), key));
    const index = partitionPoint(this.#blocks[block] ?? [], (object) => object.key < key);
    return { block, index };
  }
}

function isBefore(object: StoredObject | undefined, key: string): boolean {
  return object !== undefined && object.key < key;
}

/** How many leading items satisfy `isBefore`, which holds for a prefix of them. */
function partitionPoint<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && holds(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
