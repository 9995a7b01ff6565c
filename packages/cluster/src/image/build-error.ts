/** A fault of the one who builds: says the file, the line where there is one, and what to do. */
export class BuildError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'BuildError';
  }
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

export function errorAt({ file, line }: SourceLine, message: string, cause?: unknown): BuildError {
  return new BuildError(`${file}:${line}: ${message}`, cause === undefined ? undefined : { cause });
}
