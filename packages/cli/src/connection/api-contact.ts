import type { Clock } from '@slipway/kube/clock';
import type { Transport } from '@slipway/kube/transport';

/** Whether the API server lately did what it was asked. */
export class ApiContact {
  readonly #clock: Clock;
  readonly #patienceSeconds: number;
  #since: number | undefined;

  constructor(clock: Clock, patienceSeconds: number) {
    this.#clock = clock;
    this.#patienceSeconds = patienceSeconds;
  }

  watch(transport: Transport): Transport {
    return {
      send: async (request) => {
        const response = await transport.send(request);
        if (response.status < 400) this.#since = this.#clock.monotonic();
        return response;
      },
    };
  }

  /** Undefined: there is none. */
  trouble(): string | undefined {
    if (this.#since === undefined) return 'the API server has done nothing yet that it was asked';
    const seconds = (this.#clock.monotonic() - this.#since) / 1_000;
    return seconds <= this.#patienceSeconds
      ? undefined
      : `the API server has done nothing that it was asked for ${Math.floor(seconds)} s`;
  }
}
