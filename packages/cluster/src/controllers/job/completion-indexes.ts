/** A range of indexes, both ends included. */
interface Interval {
  readonly first: number;
  readonly last: number;
}

/** Completion indexes of an Indexed Job as its status carries them: `1,3-5,7`. A hundred thousand in a row cost one interval. */
export class CompletionIndexes {
  /** In order, neither touching nor overlapping. */
  readonly #intervals: readonly Interval[];

  constructor(intervals: readonly Interval[] = []) {
    this.#intervals = intervals;
  }

  /** Indexes from `completions` on are left out: the Job has shrunk. What cannot be read counts as nothing. */
  static parse(text: string | undefined, completions: number): CompletionIndexes {
    const intervals = (text ?? '').split(',').flatMap((part): readonly Interval[] => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (match === null) return [];
      const first = Number(match[1]);
      const last = Math.min(Number(match[2] ?? match[1]), completions - 1);
      return first > last ? [] : [{ first, last }];
    });
    return new CompletionIndexes(joined(intervals));
  }

  get size(): number {
    return this.#intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  has(index: number): boolean {
    return this.#intervals.some(({ first, last }) => first <= index && index <= last);
  }

  with(indexes: Iterable<number>): CompletionIndexes {
    const added = [...indexes].map((index) => ({ first: index, last: index }));
    return added.length === 0 ? this : new CompletionIndexes(joined([...this.#intervals, ...added]));
  }

  countIn(other: CompletionIndexes): number {
    return this.#intervals.reduce((sum, interval) => sum + other.#overlap(interval), 0);
  }

  #overlap({ first, last }: Interval): number {
    return this.#intervals.reduce(
      (sum, each) => sum + Math.max(0, Math.min(last, each.last) - Math.max(first, each.first) + 1),
      0,
    );
  }

  toString(): string {
    return this.#intervals.map(intervalText).join(',');
  }
}

/** Two neighbours are a list, three a range: `1,2`, `1-3`. */
function intervalText({ first, last }: Interval): string {
  if (first === last) return String(first);
  return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
}

function joined(intervals: readonly Interval[]): readonly Interval[] {
  const result: Interval[] = [];
  for (const interval of intervals.toSorted((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before === undefined || interval.first > before.last + 1) result.push(interval);
    else result[result.length - 1] = { first: before.first, last: Math.max(before.last, interval.last) };
  }
  return result;
}
