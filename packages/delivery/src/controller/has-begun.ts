import type { Application } from '../api/application.ts';

/**
 * Whether a look at it goes before those at Applications that ask for something new: what is under way comes to its end
 * before more begins. Of a thousand releases that are asked for at once the first one ends after seconds, and not all of
 * them together at the end. Who asks for something new in the middle of a release goes on, and so does who goes.
 */
export function hasBegun(application: Pick<Application, 'metadata' | 'status'> | undefined): boolean {
  const { metadata, status } = application ?? {};
  if (metadata?.deletionTimestamp !== undefined || status?.candidate !== undefined) return true;
  return status?.observedGeneration === metadata?.generation;
}
