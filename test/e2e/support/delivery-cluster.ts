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

/** A namespace in it, for a test file alone. */
export interface Place {
  readonly kind: 'embedded' | 'foreign';
  readonly client: KubeClient;
  /** The administrator's. */
  readonly kubeconfig: string;
  readonly namespace: string;
  stop(): Promise<void>;
}

export interface DeliveryCluster extends Place {
  /** Where the gateway with each data plane that can be had takes requests. */
  readonly gateways: ReadonlyMap<DataPlaneName, string>;
  readonly controllers: Controllers;
  /** The folder of the embedded one. */
  readonly directory: string | undefined;
  /** Output of a kubectl that must succeed, in the namespace. */
  ask(...words: readonly string[]): Promise<string>;
}

export interface DeliveryClusterOptions {
  /** Of an embedded cluster; one that is there has as many as it has. Default 1. */
  readonly nodes?: number;
  /** Of the controllers. */
  readonly leaseSeconds?: number;
  /** What the gateway of an embedded cluster carries requests by. Default `built-in`. */
  readonly embeddedDataPlane?: DataPlaneName;
  /** Every gateway is a process of its own in front of the cluster, also where that brings one. Default false. */
  readonly hasGatewaysAlone?: boolean;
}

type Undo = (() => Promise<unknown>)[];

export function startDeliveryCluster(options: DeliveryClusterOptions = {}): Promise<DeliveryCluster> {
  return untilStopped((undo) => start(options, undo));
}

/** For what delivery asks of a cluster without controllers and gateways. */
export function startPlace(): Promise<Place> {
  return untilStopped(async (undo) => (await openPlace({}, undo)).place);
}

async function untilStopped<T>(open: (undo: Undo) => Promise<T>): Promise<T & Pick<Place, 'stop'>> {
  const undo: Undo = [];
  const stop = async (): Promise<void> => {
    for (const each of undo.splice(0).toReversed()) await each();
  };
  try {
    return { ...(await open(undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: DeliveryClusterOptions, undo: Undo): Promise<Omit<DeliveryCluster, 'stop'>> {
  const { own, place } = await openPlace(options, undo);
  const { client, kubeconfig, namespace } = place;
  const controllers = new Controllers({ client, kubeconfig, leaseSeconds: options.leaseSeconds });
  undo.push(() => controllers.stop());
  if (own === undefined) undo.push(() => removeApplications(client, namespace));
  await Promise.all([controllers.start(), controllers.start()]);
  const gateways = await openGateways({ own, kubeconfig, options }, undo);
  const ask = (...words: readonly string[]): Promise<string> => kubectl(kubeconfig, namespace, words);
  return { ...place, gateways, controllers, directory: own?.directory, ask };
}

interface OpenPlace {
  readonly own: TestCluster | undefined;
  readonly place: Omit<Place, 'stop'>;
}

async function openPlace(options: DeliveryClusterOptions, undo: Undo): Promise<OpenPlace> {
  const own = foreignKubeconfig === '' ? await startCluster({ words: embeddedWords(options) }) : undefined;
  if (own !== undefined) undo.push(() => own.stop());
  const kubeconfig = own?.kubeconfig ?? foreignKubeconfig;
  const { client, server } = await connect({ kubeconfig });
  if (own === undefined) await expectNoController(client);
  console.log(`Delivery is tried ${clusterTitle}, ${await describeServer(kubeconfig)} at ${server}.`);
  const namespace = `slipway-test-${randomBytes(4).toString('hex')}`;
  await client.create(namespaces, { metadata: { name: namespace } });
  if (own === undefined) undo.push(() => client.delete(namespaces, { name: namespace }));
  return { own, place: { kind: own === undefined ? 'foreign' : 'embedded', client, kubeconfig, namespace } };
}

function embeddedWords({ nodes = 1, embeddedDataPlane = 'built-in' }: DeliveryClusterOptions): readonly string[] {
  return ['--no-controller', '--nodes', String(nodes), '--data-plane', embeddedDataPlane];
}

interface Fronted {
  readonly own: TestCluster | undefined;
  readonly kubeconfig: string;
  readonly options: DeliveryClusterOptions;
}

async function openGateways(
  { own, kubeconfig, options }: Fronted,
  undo: Undo,
): Promise<ReadonlyMap<DataPlaneName, string>> {
  const { hasGatewaysAlone = false, embeddedDataPlane = 'built-in' } = options;
  const brought = hasGatewaysAlone ? undefined : own;
  const beside = dataPlanes.filter(
    ({ name, missing }) => missing === undefined && (brought === undefined || name !== embeddedDataPlane),
  );
  const started = await Promise.all(beside.map(({ name }) => startGatewayProcess(kubeconfig, name)));
  undo.push(() => Promise.all(started.map((gateway: GatewayProcess) => gateway.stop())));
  const urls = started.map(({ url }, index) => [beside[index]?.name ?? 'built-in', url] as const);
  return new Map(brought === undefined ? urls : [[embeddedDataPlane, brought.gateway], ...urls]);
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

/** Before their namespace, while there is a controller to take them down. */
async function removeApplications(client: KubeClient, namespace: string): Promise<void> {
  for (const { metadata } of (await client.list(applications, { namespace })).items)
    await client.delete(applications, { namespace, name: metadata.name ?? '' });
  while ((await client.list(applications, { namespace })).items.length > 0) await pause(200);
}
