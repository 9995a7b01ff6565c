import { useState } from 'react';

export interface Action {
  readonly isBusy: boolean;
  /** Why it was not done. */
  readonly problem?: unknown;
  /** Once at a time. */
  readonly run: (perform: () => Promise<void>) => void;
}

/** Something that somebody asked for, and what is against it. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const run = async (perform: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await perform();
    } catch (error) {
      setProblem(error);
    }
    setBusy(false);
  };
  return {
    isBusy,
    problem,
    run: (perform) => {
      if (!isBusy) void run(perform);
    },
  };
}
