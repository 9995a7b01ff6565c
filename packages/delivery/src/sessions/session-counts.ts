/** How many sessions each version has, as the gateways say. */
import type { Release } from '../api/release.ts';
import { backendName } from '../names.ts';
import type { Observation } from '../observation.ts';

/** Undefined where a gateway that lives does not know: there may be some that it has not seen yet. */
export function countSessions({ split, gateways }: Observation, { spec }: Release): number | undefined {
  const service = backendName(spec);
  const counts = gateways.map((gateway) => {
    const instance = split?.status?.instances?.find(({ name }) => name === gateway);
    return instance?.backends?.find((backend) => backend.service === service)?.sessions;
  });
  return counts.length === 0 ? undefined : counts.reduce(sum);
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
