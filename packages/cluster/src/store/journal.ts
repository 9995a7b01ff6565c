import type { StoredObject } from './store.ts';

/** One change as it is made durable; `value` is absent for a deletion. */
export interface JournalEntry {
  readonly key: string;
  readonly revision: number;
  readonly value: string | undefined;
  /** Bytes of the value in UTF-8, noted when somebody has counted them. */
  bytes?: number;
}

/** What makes the store's changes durable. One batch at a time; the store waits for it. */
export interface Journal {
  /** Resolves when the next batch begins: what is written until then is made durable together. */
  gather(): Promise<void>;
  /**
   * Resolves when the whole batch would survive the end of the process and of the machine. Rejects with
   * `StoreUnavailable` when nothing of it was kept. `before` tells what the store holds until then.
   */
  append(batch: readonly JournalEntry[], before: () => JournalContents): Promise<void>;
  /** `contents`: what the store holds at the end. */
  close(contents: () => JournalContents): Promise<void>;
}

export interface JournalContents {
  readonly objects: readonly StoredObject[];
  readonly revision: number;
}

/** A file that does not hold what was written to it. */
export class DamagedRecord extends Error {
  readonly path: string;
  readonly fault: string;

  constructor(path: string, fault: string) {
    super(`${path}: ${fault}`);
    this.name = 'DamagedRecord';
    this.path = path;
    this.fault = fault;
  }
}

/** For a store that ends with its process. */
export const memoryJournal: Journal = {
  gather: () => Promise.resolve(),
  append: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
