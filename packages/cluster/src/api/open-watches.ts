import { delay, type Clock } from '@slipway/kube/clock';
import type { KubeObject } from '@slipway/kube/object';
import type { StoreEvent } from '../store/store.ts';
import type { WatchStreamEvent } from './watch-event.ts';

/** To send takes about twenty microseconds for each who watches, whatever is sent: half of the time is left for others. */
const watchesPerMillisecond = 25;
/** Nobody notices that an event is so much later. */
const maximumPeriodMilliseconds = 20;
/** One after the other in a period, so that whoever else waits does so for no longer than one of them takes. */
const groupCount = 10;

/** A watch that is sent to somebody. */
export interface SentWatch {
  /** Resolves when it may be sent what has happened until then. Undefined: at once, as long as there are few. */
  turn(): Promise<void> | undefined;
  end(): void;
}

/** What the watches of a server have in common. */
export class OpenWatches {
  readonly #groups = Array.from({ length: groupCount }, (_, index) => new TurnGroup(index / groupCount));
  #sent = 0;
  #last: StoreEvent | undefined;
  #told: WatchStreamEvent[] = [];

  begin(clock: Clock): SentWatch {
    const group = this.#groups.reduce((least, each) => (each.members < least.members ? each : least));
    this.#sent += 1;
    group.members += 1;
    return {
      turn: () => {
        const period = Math.min(maximumPeriodMilliseconds, Math.floor(this.#sent / watchesPerMillisecond));
        return period === 0 ? undefined : group.turn(clock, period);
      },
      end: () => {
        this.#sent -= 1;
        group.members -= 1;
      },
    };
  }

  /** One event for all who are told the same of a change, so that it is made text once. They are told one after the other. */
  tell(change: StoreEvent, type: WatchStreamEvent['type'], objectOf: () => KubeObject): WatchStreamEvent {
    if (this.#last !== change) {
      this.#last = change;
      this.#told = [];
    }
    const known = this.#told.find((each) => each.type === type);
    if (known !== undefined) return known;
    const told = { type, object: objectOf() };
    this.#told.push(told);
    return told;
  }
}

/** Watches that are sent to in the same moment, so that what they are sent is the same. */
class TurnGroup {
  members = 0;
  /** Where in a period its turn is. */
  readonly #phase: number;
  #next: Promise<void> | undefined;

  constructor(phase: number) {
    this.#phase = phase;
  }

  turn(clock: Clock, periodMilliseconds: number): Promise<void> {
    this.#next ??= this.#wait(clock, periodMilliseconds);
    return this.#next;
  }

  async #wait(clock: Clock, period: number): Promise<void> {
    const sinceTurn = (clock.monotonic() + period * (1 - this.#phase)) % period;
    await delay(clock, Math.ceil(period - sinceTurn));
    this.#next = undefined;
  }
}
