/** A database keeps the history of one cluster: to another one, every release in it would seem to have gone. */
import type { KubeClient } from '@slipway/kube/client';
import { namespaces } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { Database } from '../database/database.ts';
import { StartRefused } from '../start-refused.ts';

/**
 * Names a cluster for good: by the namespace that every one has and nobody can delete, or, where that may not be read, by
 * the server's own.
 */
export async function identifyCluster(client: KubeClient, ownNamespace: string): Promise<string> {
  const identity = (await readIdentity(client, 'kube-system')) ?? (await readIdentity(client, ownNamespace));
  if (identity !== undefined) return identity;
  throw new StartRefused(
    `the server does not know which cluster it talks to: it may read neither namespace kube-system nor ${ownNamespace}. Allow it to get one of them.`,
  );
}

async function readIdentity(client: KubeClient, name: string): Promise<string | undefined> {
  try {
    const { metadata } = await client.get(namespaces, { name });
    return metadata.uid === undefined ? undefined : `${name} ${metadata.uid}`;
  } catch (error) {
    if (isStatusReason(error, 'Forbidden') || isStatusReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** The first server of all on a database says whose it is. Rejects where it is another cluster's, with nothing changed. */
export async function bindCluster(database: Database, identity: string): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.query('INSERT INTO cluster (id, identity) VALUES (1, $1) ON CONFLICT (id) DO NOTHING', [
      identity,
    ]);
    const [row] = await transaction.query('SELECT identity FROM cluster WHERE id = 1');
    const kept = String(row?.['identity']);
    if (kept === identity) return;
    throw new StartRefused(
      `the database keeps the history of another cluster: of the one with namespace ${kept}, and this one has ${identity}. ` +
        'Name that cluster with --context, or give this one a database of its own with --database.',
    );
  });
}
