import type { ServerPlace } from '../embedded/server-place.ts';
import { CommandFailure } from '../failure.ts';

/** Throws where it does not listen: whoever holds its port meanwhile must not be given its token. */
export function requireListening({ url, isStarting, waitsFor, endedWith }: ServerPlace): void {
  if (waitsFor !== undefined) throw new CommandFailure(`The deployment server at ${url} waits for ${waitsFor}.`);
  if (isStarting === true)
    throw new CommandFailure(
      `The deployment server at ${url} starts, and does not listen yet: try again in a moment, or see slipway status.`,
    );
  if (endedWith !== undefined)
    throw new CommandFailure(
      `The deployment server at ${url} has ended (${endedWith}) and is started again by itself: try again in a minute, or see slipway status.`,
    );
}
