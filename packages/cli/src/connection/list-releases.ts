import { releases, type Release } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import type { Connection } from './connection.ts';

/** All that are kept of an Application, in the connection's namespace. */
export async function listReleases(
  { client, namespace }: Pick<Connection, 'client' | 'namespace'>,
  application: string,
): Promise<readonly Release[]> {
  const labelSelector = `${labels.application}=${application}`;
  return (await client.list(releases, { namespace, labelSelector })).items;
}
