import { delay, type Clock } from '@slipway/kube/clock';
import type { KubeObject } from '@slipway/kube/object';
import { untilOthersAreHeard } from '@slipway/kube/turns';
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
  /** Calls back when it may be sent what has happened until then: once all of this moment has, as long as there are few. */
  inTurn(send: () => void): void;
  end(): void;
}

/** What the watches of a server have in common. */
export class OpenWatches {
  readonly #order = new Order();
  readonly #groups = Array.from({ length: groupCount }, (_, index) => new TurnGroup(index / groupCount, this.#order));
  #sent = 0;
  #last: StoreEvent | undefined;
  #told: WatchStreamEvent[] = [];

  begin(clock: Clock): SentWatch {
    const group = this.#groups.reduce((least, each) => (each.members < least.members ? each : least));
    this.#sent += 1;
    group.members += 1;
    return {
      inTurn: (send) => {
        const period = Math.min(maximumPeriodMilliseconds, Math.floor(this.#sent / watchesPerMillisecond));
        if (period === 0) queueMicrotask(send);
        else group.inTurn(send, { clock, period });
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

/**
 * One after the other. Late ones would otherwise follow each other in one turn of the event loop, whose length is how long
 * everybody waits who comes by a socket, and writes wait three times before anybody is told of them.
 */
class Order {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn: nobody else's is in the same turn of the event loop. */
  turn(): Promise<void> {
    const turn = this.#last;
    this.#last = turn.then(untilOthersAreHeard);
    return turn;
  }
}

interface Period {
  readonly clock: Clock;
  /** In milliseconds. */
  readonly period: number;
}

/** Watches that are sent to in the same moment, so that what they are sent is the same. */
class TurnGroup {
  members = 0;
  /** Where in a period its turn is. */
  readonly #phase: number;
  readonly #order: Order;
  #waiting: (() => void)[] = [];

  constructor(phase: number, order: Order) {
    this.#phase = phase;
    this.#order = order;
  }

  inTurn(send: () => void, period: Period): void {
    if (this.#waiting.push(send) === 1) void this.#wait(period);
  }

  async #wait({ clock, period }: Period): Promise<void> {
    const sinceTurn = (clock.monotonic() + period * (1 - this.#phase)) % period;
    await delay(clock, Math.ceil(period - sinceTurn));
    await this.#order.turn();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const send of waiting) send();
  }
}
