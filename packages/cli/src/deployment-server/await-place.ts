import { delay, type Clock } from '@slipway/kube/clock';
import type { ServerPlace } from '../embedded/server-place.ts';
import { CommandFailure } from '../failure.ts';
import { answers } from './call.ts';
import { requireListening } from './require-listening.ts';

/** It starts once the cluster is ready, and may have been started again just now. */
const patienceMilliseconds = 60_000;
const pauseMilliseconds = 100;

export interface PlaceQuestion {
  /** Asked anew each time: it goes elsewhere where its port is taken. */
  readonly find: () => Promise<ServerPlace>;
  readonly clock: Clock;
  /** Where it writes its log. */
  readonly log: string;
}

/** Resolves with where the deployment server beside a cluster answers. One that waits for a named port is not waited for. */
export async function awaitPlace({ find, clock, log }: PlaceQuestion): Promise<ServerPlace> {
  const deadline = clock.monotonic() + patienceMilliseconds;
  for (;;) {
    const place = await find();
    const isOver = clock.monotonic() >= deadline;
    // One that is started, or started again, is waited for; another has its port perhaps.
    const isComing = place.isStarting === true || place.endedWith !== undefined;
    if (!isComing || isOver) requireListening(place);
    if (!isComing && (await answers(place.url))) return place;
    if (isOver) throw new CommandFailure(`The deployment server at ${place.url} does not answer. Its log: ${log}`);
    await delay(clock, pauseMilliseconds);
  }
}
