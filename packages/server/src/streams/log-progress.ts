/** What is new of a log that is read again from a position on. Pure. */
import { maximumLineLength } from '@slipway/kube/split-lines';
import { advance, parseLine, type LinePosition, type TimedLine } from './pod-log-position.ts';

const maximumCharacters = 16_384;

export interface LogLine extends TimedLine {
  /** There is more of it, which is not sent. */
  readonly isCut: boolean;
}

/** Of one run. What was sent before comes again first: the API asks by whole seconds. */
export class LogProgress {
  readonly #run: number;
  readonly #before: LinePosition | undefined;
  #isInLongLine = false;
  #repeated = 0;
  position: LinePosition | undefined;

  constructor(run: number, before: LinePosition | undefined) {
    this.#run = run;
    this.#before = before;
    this.position = before;
  }

  /** Whether what was sent last came again: else this is the log of another run, or what was sent is no longer kept. */
  get hasFoundPlace(): boolean {
    return this.#before === undefined || this.#repeated > 0;
  }

  /** Undefined for what was sent before, and for what is beyond the end of a line that was cut. */
  take(line: string): LogLine | undefined {
    const timed = parseLine(line);
    // So long a line comes in parts, which are not the same ones each time.
    if (timed === undefined && this.#isInLongLine) return undefined;
    this.#isInLongLine = line.length >= maximumLineLength;
    const parsed = timed ?? { at: this.position?.at ?? 0n, time: timeOf(this.position), text: line };
    if (this.#isRepeated(parsed.at)) return undefined;
    this.position = advance(this.position, this.#run, parsed.at);
    return { ...parsed, ...cut(parsed.text) };
  }

  #isRepeated(at: bigint): boolean {
    const before = this.#before;
    if (before === undefined || at > before.at) return false;
    if (at < before.at) return true;
    this.#repeated += 1;
    return this.#repeated <= before.count;
  }
}

/** Never within a character that is two for a string. */
function cut(text: string): Pick<LogLine, 'text' | 'isCut'> {
  if (text.length <= maximumCharacters) return { text, isCut: false };
  const isWithin = /[\uD800-\uDBFF]/.test(text.charAt(maximumCharacters - 1));
  return { text: text.slice(0, isWithin ? maximumCharacters - 1 : maximumCharacters), isCut: true };
}

function timeOf(position: LinePosition | undefined): string {
  return new Date(Number((position?.at ?? 0n) / 1_000_000n)).toISOString();
}
