/** One line of a log file, in the form that container runtimes agreed on: `<time> <stream> <F|P> <content>`; P ends without a line break. */
export interface LogLine {
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly partial: boolean;
  readonly content: Buffer;
}

export function formatLogLine(line: LogLine): Buffer {
  const head = `${line.time} ${line.stream} ${line.partial ? 'P' : 'F'} `;
  return Buffer.concat([Buffer.from(head), line.content, newline]);
}

const newline = Buffer.from('\n');
const space = 0x20;

/** `bytes` is without its line break. Undefined for what is no log line, such as one that was cut when the machine died. */
export function parseLogLine(bytes: Buffer): LogLine | undefined {
  const first = bytes.indexOf(space);
  const second = bytes.indexOf(space, first + 1);
  const third = bytes.indexOf(space, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const stream = bytes.toString('latin1', first + 1, second);
  const flag = bytes.toString('latin1', second + 1, third);
  if ((stream !== 'stdout' && stream !== 'stderr') || (flag !== 'F' && flag !== 'P')) return undefined;
  return {
    time: bytes.toString('latin1', 0, first),
    stream,
    partial: flag === 'P',
    content: bytes.subarray(third + 1),
  };
}

/** Milliseconds since the epoch as RFC 3339 with nanoseconds. */
export function formatLogTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000000Z`;
}
