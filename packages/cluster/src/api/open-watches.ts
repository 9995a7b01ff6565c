import type { KubeObject } from '@slipway/kube/object';
import type { StoreEvent } from '../store/store.ts';
import type { WatchStreamEvent } from './watch-event.ts';

/** To send takes about twenty microseconds for each who watches, whatever is sent: half of the time is left for others. */
const watchesPerMillisecond = 25;
/** Nobody notices that an event is so much later. */
const maximumPaceMilliseconds = 20;

/** What the watches of a server have in common. */
export class OpenWatches {
  #sent = 0;
  #last: StoreEvent | undefined;
  #told: WatchStreamEvent[] = [];

  /** Of a watch that is sent to somebody; returns the way to say that it has ended. */
  begin(): () => void {
    this.#sent += 1;
    return () => {
      this.#sent -= 1;
    };
  }

  /** How long each of them waits for more before it sends again: not at all while there are few. */
  get paceMilliseconds(): number {
    return Math.min(maximumPaceMilliseconds, Math.floor(this.#sent / watchesPerMillisecond));
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
