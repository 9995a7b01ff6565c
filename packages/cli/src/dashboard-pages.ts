import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Beside the bundled command, and in the newest build of a checkout whose sources run. */
const places = ['../../dashboard/dist/', '../../../dist/slipway/packages/dashboard/dist/'];

/** Where the dashboard was built; undefined where it was not. */
export function findPages(): string | undefined {
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((place) => existsSync(place));
}
