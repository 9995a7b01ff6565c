/** Where the deployment server beside a cluster listens: its port may have been taken since it was chosen, or while it was away. */
import type { ClusterState } from './data-directory.ts';
import { choosePort, isFree } from './check-ports.ts';
import { host } from './server-options.ts';

export type ServerPlace = NonNullable<ClusterState['deploymentServer']>;

export function placeAt(port: number, tokenFile: string): ServerPlace {
  return { url: `http://${host}:${port}`, tokenFile };
}

export function portOf({ url }: ServerPlace): number {
  return Number(new URL(url).port);
}

/** A port that somebody named is waited for; one that was chosen is left to whoever has it now. */
export async function nextPlace(place: ServerPlace, isNamed: boolean): Promise<ServerPlace> {
  const port = portOf(place);
  if (await isFree(port)) return placeAt(port, place.tokenFile);
  return isNamed
    ? {
        ...placeAt(port, place.tokenFile),
        waitsFor: `port ${port} on ${host}, which something else uses: stop that, or start the cluster again with --server-port 0`,
      }
    : placeAt(await choosePort(0), place.tokenFile);
}
