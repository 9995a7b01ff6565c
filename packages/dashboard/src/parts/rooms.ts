/** Where what is shown may become larger or smaller than what was shown there before, and where it may not. Pure. */

export interface Room {
  /** Of the box, in pixels. */
  readonly height: number;
  /** What does not fit waits until somebody wants it. */
  readonly isBound: boolean;
}

export interface Box {
  /** As somebody sees it. */
  readonly height: number;
  /** From the upper edge of the window, which is where it begins to be in sight. */
  readonly bottom: number;
}

/** It gets no smaller, and larger only where what stands below it is out of sight. */
export function planRoom({ height, bottom }: Box, windowHeight: number): Room {
  return { height, isBound: bottom < windowHeight };
}
