export type StoreOpenReason = 'inUse' | 'damaged' | 'notADataDirectory' | 'newerFormat' | 'olderFormat' | 'unreadable';

/** Why a data directory cannot be opened. The directory is as it was. */
export class StoreOpenError extends Error {
  readonly reason: StoreOpenReason;
  /** The process that has it open, for `inUse`. */
  readonly ownerPid: number | undefined;

  constructor(
    reason: StoreOpenReason,
    message: string,
    options: { readonly cause?: unknown; readonly ownerPid?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StoreOpenError';
    this.reason = reason;
    this.ownerPid = options.ownerPid;
  }
}
