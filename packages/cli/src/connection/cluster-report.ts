/** What a cluster says of itself, and what of Slipway is in it: for `slipway status` of a cluster that is not our own. */
import { applications } from '@slipway/delivery/api/application';
import { releaseGroups } from '@slipway/delivery/api/release-group';
import { controllerLease } from '@slipway/delivery/names';
import type { Lease, Node } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { leases, nodes } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace } from '@slipway/kube/split';
import { isStatusReason, statusErrorFrom } from '@slipway/kube/status-error';
import { CommandFailure } from '../failure.ts';
import type { Connection } from './connection.ts';

export interface ClusterReport {
  readonly server: string;
  readonly version: string;
  /** Undefined where we may not ask. */
  readonly nodes: { readonly total: number; readonly ready: number } | undefined;
  readonly controller: Holder | undefined;
  readonly gateways: readonly Holder[];
  /** Counts by phase; undefined where Slipway's kinds are not installed. */
  readonly applications: Readonly<Record<string, number>> | undefined;
  readonly releaseGroups: Readonly<Record<string, number>> | undefined;
}

/** Who holds a Lease. */
export interface Holder {
  readonly name: string;
  readonly renewedAt: string | undefined;
  /** By our clock and the times that it writes: a hint, on which nothing depends. */
  readonly isSilent: boolean;
}

/** Throws when the cluster does not answer, or does not know us; what we may not see is left out. */
export async function fetchClusterReport(
  connection: Connection,
  { namespace, now }: { readonly namespace: string | undefined; readonly now: number },
): Promise<ClusterReport> {
  const { client, server } = connection;
  const version = await fetchVersion(connection);
  const [allNodes, controller, gateways, all, groups] = await Promise.all([
    unlessHidden(client.list(nodes)),
    unlessHidden(client.get(leases, controllerLease)),
    unlessHidden(client.list(leases, { namespace: gatewayLeaseNamespace, labelSelector: gatewayLeaseLabel })),
    unlessHidden(client.list(applications, { namespace })),
    unlessHidden(client.list(releaseGroups, { namespace })),
  ]);
  return {
    server,
    version,
    nodes: allNodes && countNodes(allNodes.items),
    controller: controller && holderOf(controller, now),
    gateways: (gateways?.items ?? []).flatMap((lease) => holderOf(lease, now) ?? []),
    applications: all && countPhases(all.items.map(({ status }) => status?.phase ?? 'Pending')),
    releaseGroups: groups && countPhases(groups.items.map(({ status }) => status?.phase ?? 'Pending')),
  };
}

/** Throws when the server does not answer with its version. */
export async function fetchVersion(
  { client, server }: { readonly client: Pick<Connection['client'], 'request'>; readonly server: string },
  signal?: AbortSignal,
): Promise<string> {
  const { status, body } = await client.request({ method: 'GET', path: '/version', signal });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  if (status !== 200) throw statusErrorFrom(status, text);
  return parseVersion(text, server);
}

function parseVersion(text: string, server: string): string {
  try {
    const { gitVersion = '' }: { readonly gitVersion?: string } = JSON.parse(text);
    return gitVersion;
  } catch (error) {
    throw new CommandFailure(
      `What answers at ${server} is no API server: at /version it sends something else than a version.\n` +
        'Name another cluster with --kubeconfig FILE or --context NAME.',
      { cause: error },
    );
  }
}

async function unlessHidden<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isStatusReason(error, 'NotFound', 'Forbidden')) return undefined;
    throw error;
  }
}

function countNodes(all: readonly Node[]): { readonly total: number; readonly ready: number } {
  return { total: all.length, ready: all.filter(({ status }) => isConditionTrue(status?.conditions, 'Ready')).length };
}

function countPhases(phases: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...new Set(phases)].map((phase) => [phase, phases.filter((each) => each === phase).length]),
  );
}

/** Undefined for a Lease that was given back. */
function holderOf({ metadata, spec }: Lease, now: number): Holder | undefined {
  const { holderIdentity = '', renewTime, leaseDurationSeconds = 15 } = spec ?? {};
  if (holderIdentity === '') return undefined;
  const isSilent = renewTime === undefined || now - Date.parse(renewTime) > leaseDurationSeconds * 1_000;
  const name = metadata.name === controllerLease.name ? holderIdentity : (metadata.name ?? '');
  return { name, renewedAt: renewTime, isSilent };
}
