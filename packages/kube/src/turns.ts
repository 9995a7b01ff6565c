/** Waiting within a turn of the event loop, and for the next. */

/**
 * Resolves when nobody in this process has anything left to say to what has just happened: all promises that are resolved by
 * now, and those that these resolve, have been followed. Nothing from outside has arrived meanwhile.
 */
export function whenAllIsSaid(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Resolves when all has been heard that has arrived from outside by now. */
export function untilOthersAreHeard(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
