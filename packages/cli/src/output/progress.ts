/** Shows the state of long work: redrawn in place on a terminal, a line per change elsewhere. */
export interface Progress {
  /** `lines` are the whole picture now; `summary` is the line that a log shows when it differs from the last one. */
  update(lines: readonly string[], summary: string): void;
  /** Prints above what is redrawn, to stay. */
  note(line: string): void;
  done(): Promise<void>;
}

export async function createProgress(stream: NodeJS.WriteStream = process.stdout): Promise<Progress> {
  if (!stream.isTTY) return plainProgress(stream);
  const { createLogUpdate } = await import('log-update');
  const redraw = createLogUpdate(stream);
  return {
    update: (lines) => redraw(lines.join('\n')),
    note: (line) => redraw.persist(line),
    done: async () => redraw.done(),
  };
}

function plainProgress(stream: NodeJS.WritableStream): Progress {
  let last = '';
  const write = (line: string): void => {
    stream.write(`${line}\n`);
  };
  return {
    update: (_lines, summary) => {
      if (summary === last) return;
      last = summary;
      write(summary);
    },
    note: write,
    done: async () => {},
  };
}
