import { delay, type Clock } from '@slipway/kube/clock';
import type { ContainerUsage } from '../runtime.ts';

export interface UsageMeterOptions {
  readonly read: () => Promise<readonly ContainerUsage[]>;
  readonly clock: Clock;
}

export interface Measurement {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly windowMilliseconds: number;
  /** By container id. */
  readonly containers: ReadonlyMap<string, ContainerRate>;
}

export interface ContainerRate {
  /** Of the window: 1e9 is one CPU. */
  readonly nanoCores: number;
  /** Since the container started. */
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
}

interface Sample {
  /** Of the monotonic clock. */
  readonly at: number;
  readonly containers: ReadonlyMap<string, ContainerUsage>;
}

/** The kernel counts CPU by hundredths of a second: a shorter window would tell little. */
const shortestWindowMilliseconds = 1_000;
const longestWindowMilliseconds = 60_000;

/**
 * Makes rates of counters when somebody asks: since they were last asked for, where that was a moment ago, or else over a
 * second that it waits. So nothing is read for nobody.
 */
export class UsageMeter {
  readonly #options: UsageMeterOptions;
  #samples: readonly Sample[] = [];
  #measuring: Promise<Measurement> | undefined;

  constructor(options: UsageMeterOptions) {
    this.#options = options;
  }

  /** Those who ask at the same time are told the same. */
  measure(): Promise<Measurement> {
    this.#measuring ??= this.#measure().finally(() => (this.#measuring = undefined));
    return this.#measuring;
  }

  async #measure(): Promise<Measurement> {
    const { clock } = this.#options;
    const sample = await this.#read();
    const earlier = this.#earlierThan(sample);
    if (earlier !== undefined) return this.#compare(earlier, sample);
    await delay(clock, shortestWindowMilliseconds);
    return this.#compare(sample, await this.#read());
  }

  async #read(): Promise<Sample> {
    const { read, clock } = this.#options;
    const at = clock.monotonic();
    const usages = await read();
    return { at, containers: new Map(usages.map((usage) => [usage.containerId, usage])) };
  }

  /** The newest that leaves a window. */
  #earlierThan({ at }: Sample): Sample | undefined {
    this.#samples = this.#samples.filter((sample) => at - sample.at <= longestWindowMilliseconds);
    return this.#samples.findLast((sample) => at - sample.at >= shortestWindowMilliseconds);
  }

  #compare(earlier: Sample, later: Sample): Measurement {
    this.#samples = [...this.#samples.filter((sample) => later.at - sample.at >= shortestWindowMilliseconds), later];
    const windowMilliseconds = Math.round(later.at - earlier.at);
    const rates = [...later.containers].map(([id, { cpuNanoseconds, memoryBytes }]) => {
      // One that was not there before began within the window, with nothing used.
      const used = Math.max(0, cpuNanoseconds - (earlier.containers.get(id)?.cpuNanoseconds ?? 0));
      return [id, { nanoCores: Math.round((used / windowMilliseconds) * 1_000), cpuNanoseconds, memoryBytes }] as const;
    });
    return { time: this.#options.clock.now(), windowMilliseconds, containers: new Map(rates) };
  }
}
