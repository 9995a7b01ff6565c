/** Shows the state of long work: redrawn in place on a terminal, a line for each thing worth one elsewhere. */
export interface Progress {
  /** To be called again and again, changed or not. */
  update(state: ProgressState): void;
  done(): Promise<void>;
}

export interface ProgressState {
  /** The whole picture, for a terminal. */
  readonly lines: readonly string[];
  /** What a log shows as soon as it is another. */
  readonly stage: string;
  /** What a log shows once it has been so for a while: most of it is gone in a moment. */
  readonly detail?: string | undefined;
}

interface Output {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** How long a detail has to last to be worth a line. */
const settledMilliseconds = 1_000;

export async function createProgress(stream: NodeJS.WriteStream = process.stdout): Promise<Progress> {
  if (!stream.isTTY) return plainProgress(stream, () => performance.now());
  const { createLogUpdate } = await import('log-update');
  const redraw = createLogUpdate(stream);
  return {
    update: ({ lines }) => redraw(lines.join('\n')),
    done: async () => redraw.done(),
  };
}

export function plainProgress(output: Output, now: () => number): Progress {
  let stage = '';
  let detail: string | undefined;
  let printed: string | undefined;
  let since = now();
  return {
    update: (state) => {
      if (state.stage !== stage) output.write(`${state.stage}\n`);
      if (state.stage !== stage || state.detail !== detail) since = now();
      ({ stage, detail } = state);
      if (detail === undefined || detail === printed || now() - since < settledMilliseconds) return;
      printed = detail;
      output.write(`${stage}, ${detail}\n`);
    },
    done: async () => {},
  };
}
