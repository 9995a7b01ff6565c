import { closeSync, fstatSync, ftruncateSync, openSync, writev } from 'node:fs';

/**
 * Kept free beyond what is needed now, so that small writes go on where somebody else fills the disk: what an idle cluster
 * writes in some hours.
 */
const floorBytes = 2 * 1024 * 1024;
/** A file grows by so much more than it must, and not with every write. */
const chunkBytes = 256 * 1024;
/** A long one by this share of itself: what grows as fast as it is written grows seldom then. */
const growth = 1 / 32;
/** What a full disk may have given to a long one and to nobody else. */
const maximumGrowthBytes = 4 * 1024 * 1024;
/** Of one write, which is another thread's to do and takes more to hand over than to do. */
const maximumPieces = 32;

const zeros = Buffer.alloc(64 * 1024);

/**
 * Space at the end of a file, taken from the disk before it is needed: what is written into it takes one way to the disk
 * instead of two, and is not cut short where the disk is full. (A file system that copies what is written over, such as Btrfs,
 * may still refuse.)
 */
export class DiskReserve {
  readonly #fd: number;
  #size: number;
  /** At least what is in use. */
  #used: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'r+');
    this.#size = fstatSync(this.#fd).size;
    this.#used = this.#size;
  }

  /**
   * Takes `bytes` for a write that is about to be made; rejects with what the disk says when they are not to be had.
   * `readUsed` tells how much of the file is in use: asked only when the sum of all that was taken would need more space.
   * Undefined where there is space already. One after the other.
   */
  take(bytes: number, readUsed: () => number): Promise<void> | undefined {
    if (this.#used + bytes + floorBytes > this.#size) this.#used = readUsed();
    this.#used += bytes;
    return this.#used + floorBytes > this.#size ? this.#extend(bytes) : undefined;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** `taken` are those of the bytes in use for which there may be no space. */
  async #extend(taken: number): Promise<void> {
    const needed = this.#used;
    const share = Math.min(Math.ceil(needed * growth), maximumGrowthBytes);
    const wanted = needed + floorBytes + Math.max(chunkBytes, share);
    const before = this.#size;
    try {
      while (this.#size < wanted) this.#size += await this.#writeZeros(wanted - this.#size);
    } catch (error) {
      if (this.#size >= needed) return;
      // Of no use here, and others may live on it.
      ftruncateSync(this.#fd, before);
      this.#size = before;
      this.#used -= taken;
      throw error;
    }
  }

  /** At most so many; resolves with how many. */
  #writeZeros(bytes: number): Promise<number> {
    const pieces = Math.min(maximumPieces, Math.floor(bytes / zeros.length));
    const written = pieces === 0 ? [zeros.subarray(0, bytes)] : Array.from({ length: pieces }, () => zeros);
    return new Promise((resolve, reject) => {
      writev(this.#fd, written, this.#size, (error, length) => {
        if (error === null) resolve(length);
        else reject(error);
      });
    });
  }
}
