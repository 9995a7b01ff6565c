/**
 * The history of a cluster is kept once: by servers that share a database, and for the same namespaces. Each says in its Lease
 * which database it is, so that one that would only stand by, and keep nothing, does not start.
 */
import type { Lease } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { keyOf } from '@slipway/kube/object';
import { leases } from '@slipway/kube/resources';
import { absentAsUndefined, isStatusReason } from '@slipway/kube/status-error';
import type { Database } from '../database/database.ts';
import type { RandomText } from '../identity/tokens.ts';
import { StartRefused } from '../start-refused.ts';

export const databaseAnnotation = 'slipway.dev/database';
export const leaseName = 'slipway-server';
/** Where servers of all namespaces have their Lease. */
export const commonNamespace = 'kube-system';
const nameBytes = 9;
const lookMilliseconds = 1_000;
/** Nobody waits for a Lease that is so old, however far clocks are apart. */
const forgottenMilliseconds = 3_600_000;
/** Of a Lease that does not say for how long it counts. */
const defaultLeaseSeconds = 15;

/** Names a database for good: nothing of where it is, or of who may use it. */
export async function nameDatabase(database: Database, random: RandomText): Promise<string> {
  return await database.transaction(async (transaction) => {
    const created = 'INSERT INTO database_name (id, name) VALUES (1, $1) ON CONFLICT (id) DO NOTHING';
    await transaction.query(created, [random(nameBytes)]);
    const [row] = await transaction.query('SELECT name FROM database_name WHERE id = 1');
    return String(row?.['name']);
  });
}

export interface Surroundings {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the Lease of this server is. */
  readonly leaseNamespace: string;
  /** The one namespace that is served; all of them unless said otherwise. */
  readonly namespace?: string | undefined;
  readonly databaseName: string;
  readonly signal: AbortSignal;
}

/**
 * Rejects where another server lives that keeps this history elsewhere. A Lease alone may be that of one that was killed: it
 * lives when it renews it.
 */
export async function refuseBesideOthers(own: Surroundings): Promise<void> {
  const { clock, signal } = own;
  const seen = new Map<string, { readonly lease: Lease; readonly since: number }>();
  for (;;) {
    const others = await findOthers(own);
    for (const lease of others) {
      const first = seen.get(nameOf(lease));
      if (first !== undefined && isRenewed(first.lease, lease)) throw refusal(lease, own);
      if (first === undefined) seen.set(nameOf(lease), { lease, since: clock.monotonic() });
    }
    const isOpen = (lease: Lease): boolean =>
      clock.monotonic() - (seen.get(nameOf(lease))?.since ?? 0) < patienceOf(lease);
    if (!others.some(isOpen)) return;
    await delay(clock, lookMilliseconds, signal);
  }
}

/** For `runWithLeadership`: of two that began at one moment, the one that stands by is told as soon as the other one lives. */
export function refuseOtherDatabase(own: Pick<Surroundings, 'databaseName' | 'namespace'>): (lease: Lease) => void {
  let first: Lease | undefined;
  return (lease) => {
    if (!isOtherDatabase(lease, own.databaseName)) return;
    if (first !== undefined && isRenewed(first, lease)) throw refusal(lease, own);
    first = lease;
  };
}

/** Leases of servers beside which this one would keep nothing, or the same twice. */
async function findOthers(own: Surroundings): Promise<readonly Lease[]> {
  const { client, leaseNamespace, namespace, databaseName, clock, logger, signal } = own;
  const read = async (at: string): Promise<readonly Lease[]> => {
    const lease = await absentAsUndefined(client.get(leases, { namespace: at, name: leaseName }, { signal }));
    return lease === undefined ? [] : [lease];
  };
  const isHeld = ({ spec }: Lease): boolean =>
    (spec?.holderIdentity ?? '') !== '' && clock.now() - Date.parse(spec?.renewTime ?? '') < forgottenMilliseconds;
  const beside = (await read(leaseNamespace)).filter((lease) => isOtherDatabase(lease, databaseName));
  try {
    const elsewhere =
      namespace === undefined
        ? (await client.list(leases, { fieldSelector: `metadata.name=${leaseName}`, signal })).items
        : await read(commonNamespace);
    return [...beside, ...elsewhere.filter(({ metadata }) => metadata.namespace !== leaseNamespace)].filter(isHeld);
  } catch (error) {
    if (!isStatusReason(error, 'Forbidden')) throw error;
    logger.warn('no right to see whether a server of other namespaces keeps this history too', { error });
    return beside.filter(isHeld);
  }
}

/** Of a server that says nothing of its database nobody knows better. */
function isOtherDatabase({ metadata }: Lease, databaseName: string): boolean {
  const said = metadata.annotations?.[databaseAnnotation];
  return said !== undefined && said !== databaseName;
}

function isRenewed(before: Lease, after: Lease): boolean {
  return before.metadata.resourceVersion !== after.metadata.resourceVersion;
}

function patienceOf({ spec }: Lease): number {
  return (spec?.leaseDurationSeconds ?? defaultLeaseSeconds) * 1_000;
}

function nameOf(lease: Lease): string {
  const { namespace = '', name } = keyOf(lease);
  return `${namespace}/${name} ${lease.spec?.holderIdentity ?? ''}`;
}

function refusal(lease: Lease, { namespace }: Pick<Surroundings, 'namespace'>): StartRefused {
  const holder = lease.spec?.holderIdentity ?? '';
  const place = lease.metadata.namespace ?? '';
  if (namespace === undefined && place !== commonNamespace)
    return new StartRefused(
      `the server ${holder} keeps the history of namespace ${place}, and this one would keep it too. ` +
        `Stop that one, or serve other namespaces one by one with --namespace.`,
    );
  if (namespace !== undefined && place !== namespace)
    return new StartRefused(
      `the server ${holder} keeps the history of every namespace, and so of ${namespace}. Stop that one, or use it.`,
    );
  return new StartRefused(
    `the server ${holder} keeps this history in another database, so that this one would keep none. ` +
      'Name that database with --database (two servers share one PostgreSQL), or stop that server.',
  );
}
