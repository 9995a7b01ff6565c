/**
 * The cluster that delivery is tried on: one known by its kubeconfig, with the controllers and a gateway for each data plane
 * as processes beside it. `SLIPWAY_TEST_KUBECONFIG` names one that is there already; otherwise an embedded one is started.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { applications } from '@slipway/delivery/api/application';
import { controllerLease } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import { leases, namespaces } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { noHaproxyReason } from '../../../packages/gateway/testing/haproxy.ts';
import { connect } from '../../../packages/cli/src/connection/connection.ts';
import { Controllers } from './controllers.ts';
import { execute } from './execute.ts';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts';
import { startCluster, type TestCluster } from './slipway.ts';

export const dataPlanes = [
  { name: 'built-in', missing: undefined },
  { name: 'haproxy', missing: noHaproxyReason },
] as const;
export type DataPlaneName = (typeof dataPlanes)[number]['name'];

const foreignKubeconfig = process.env['SLIPWAY_TEST_KUBECONFIG'] ?? '';

/** For the titles of tests, so that every report says where they ran. */
export const clusterTitle =
  foreignKubeconfig === '' ? 'on an embedded cluster' : `on the cluster of ${foreignKubeconfig}`;

/** Why a test is skipped on a cluster that is not our own; undefined on the embedded one. */
export function needsEmbedded(what: string): string | undefined {
  return foreignKubeconfig === '' ? undefined : `it needs ${what}, which only the embedded cluster gives a test`;
}

export interface DeliveryCluster {
  readonly kind: 'embedded' | 'foreign';
  readonly client: KubeClient;
  /** The administrator's. */
  readonly kubeconfig: string;
  /** Of this test file alone. */
  readonly namespace: string;
  /** Where the gateway with each data plane that can be had takes requests. */
  readonly gateways: ReadonlyMap<DataPlaneName, string>;
  readonly controllers: Controllers;
  /** The folder of the embedded one. */
  readonly directory: string | undefined;
  /** Output of a kubectl that must succeed, in the namespace. */
  ask(...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface DeliveryClusterOptions {
  /** Of an embedded cluster; one that is there has as many as it has. Default 1. */
  readonly nodes?: number;
  /** Of the controllers. */
  readonly leaseSeconds?: number;
  /** Every gateway is a process of its own in front of the cluster, also where that brings one. Default false. */
  readonly hasGatewaysAlone?: boolean;
}

export async function startDeliveryCluster(options: DeliveryClusterOptions = {}): Promise<DeliveryCluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of undo.splice(0).toReversed()) await each();
  };
  try {
    return { ...(await start(options, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  { nodes = 1, leaseSeconds, hasGatewaysAlone = false }: DeliveryClusterOptions,
  undo: (() => Promise<unknown>)[],
): Promise<Omit<DeliveryCluster, 'stop'>> {
  const own = foreignKubeconfig === '' ? await startCluster({ words: embeddedWords(nodes) }) : undefined;
  if (own !== undefined) undo.push(() => own.stop());
  const kubeconfig = own?.kubeconfig ?? foreignKubeconfig;
  const { client, server } = await connect({ kubeconfig });
  if (own === undefined) await expectNoController(client);
  console.log(`Delivery is tried ${clusterTitle}, ${await describeServer(kubeconfig)} at ${server}.`);
  const namespace = `slipway-test-${randomBytes(4).toString('hex')}`;
  await client.create(namespaces, { metadata: { name: namespace } });
  const controllers = new Controllers({ client, kubeconfig, leaseSeconds });
  undo.push(() => controllers.stop());
  if (own === undefined) undo.push(() => removeNamespace(client, namespace));
  await Promise.all([controllers.start(), controllers.start()]);
  const gateways = await openGateways(hasGatewaysAlone ? undefined : own, kubeconfig, undo);
  const ask = (...words: readonly string[]): Promise<string> => kubectl(kubeconfig, namespace, words);
  const kind = own === undefined ? 'foreign' : 'embedded';
  return { kind, client, kubeconfig, namespace, gateways, controllers, directory: own?.directory, ask };
}

function embeddedWords(nodes: number): readonly string[] {
  return ['--no-controller', '--nodes', String(nodes)];
}

/** An embedded cluster brings one with the built-in proxy. */
async function openGateways(
  own: TestCluster | undefined,
  kubeconfig: string,
  undo: (() => Promise<unknown>)[],
): Promise<ReadonlyMap<DataPlaneName, string>> {
  const beside = dataPlanes.filter(
    ({ name, missing }) => missing === undefined && (own === undefined || name !== 'built-in'),
  );
  const started = await Promise.all(beside.map(({ name }) => startGatewayProcess(kubeconfig, name)));
  undo.push(() => Promise.all(started.map((gateway: GatewayProcess) => gateway.stop())));
  const urls = started.map(({ url }, index) => [beside[index]?.name ?? 'built-in', url] as const);
  return new Map<DataPlaneName, string>(own === undefined ? urls : [['built-in', own.gateway], ...urls]);
}

/** The tests stop and kill controllers, and may do that to their own only. */
async function expectNoController(client: KubeClient): Promise<void> {
  const lease = await absentAsUndefined(client.get(leases, controllerLease));
  const { holderIdentity = '', renewTime = '', leaseDurationSeconds = 0 } = lease?.spec ?? {};
  if (holderIdentity === '' || Date.parse(renewTime) + leaseDurationSeconds * 1_000 < Date.now()) return;
  throw new Error(
    `the controller ${holderIdentity} leads in the cluster of SLIPWAY_TEST_KUBECONFIG, and these tests bring their own: ` +
      'start that cluster with "slipway up --no-controller", or take the controllers out with "slipway uninstall"',
  );
}

async function describeServer(kubeconfig: string): Promise<string> {
  const said: { readonly serverVersion: { readonly gitVersion: string } } = JSON.parse(
    await kubectl(kubeconfig, 'default', ['version', '-o', 'json']),
  );
  return `Kubernetes ${said.serverVersion.gitVersion}`;
}

async function kubectl(kubeconfig: string, namespace: string, words: readonly string[]): Promise<string> {
  const outcome = await execute('kubectl', ['--kubeconfig', kubeconfig, '--namespace', namespace, ...words]);
  if (outcome.exitCode !== 0) throw new Error(`kubectl ${words.join(' ')} failed: ${outcome.stderr}`);
  return outcome.stdout.trim();
}

/** Applications first, while there is a controller to take them down. */
async function removeNamespace(client: KubeClient, namespace: string): Promise<void> {
  for (const { metadata } of (await client.list(applications, { namespace })).items)
    await client.delete(applications, { namespace, name: metadata.name ?? '' });
  while ((await client.list(applications, { namespace })).items.length > 0) await pause(200);
  await client.delete(namespaces, { name: namespace });
}
