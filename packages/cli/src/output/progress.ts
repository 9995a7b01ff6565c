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
  /** What a log shows beside the stage: how things stand as it begins. */
  readonly facts?: readonly string[] | undefined;
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
  return terminalProgress(createLogUpdate(stream), () => stream.columns);
}

interface Redraw {
  (text: string): void;
  clear(): void;
  done(): void;
}

/** A picture of another height is drawn anew: what is redrawn in part leaves rows of the one before. */
export function terminalProgress(redraw: Redraw, columns: () => number): Progress {
  let height = 0;
  return {
    update: ({ lines }) => {
      const next = lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / columns())), 0);
      if (next !== height) redraw.clear();
      height = next;
      redraw(lines.join('\n'));
    },
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
      if (state.stage !== stage) output.write(`${[state.stage, ...(state.facts ?? [])].join(', ')}\n`);
      if (state.stage !== stage || state.detail !== detail) since = now();
      ({ stage, detail } = state);
      if (detail === undefined || detail === printed || now() - since < settledMilliseconds) return;
      printed = detail;
      output.write(`${stage}, ${detail}\n`);
    },
    done: async () => {},
  };
}
