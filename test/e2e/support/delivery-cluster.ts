/**
 * The cluster that delivery is tried on: one known by its kubeconfig, with the controllers and a gateway for each data plane
 * as processes beside it. `SLIPWAY_TEST_KUBECONFIG` names one that is there already; otherwise an embedded one is started.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { applications } from '@slipway/delivery/api/application';
import { controllerLease } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import type { Kubeconfig } from '@slipway/kube/kubeconfig';
import { leases, namespaces } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { noHaproxyReason } from '../../../packages/gateway/testing/haproxy.ts';
import { connect } from '../../../packages/cli/src/connection/connection.ts';
import { Controllers } from './controllers.ts';
import { execute, type Outcome } from './execute.ts';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts';
import { removeFolder, self } from './person.ts';
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
  /** For files of the test: gone with the rest. */
  readonly folder: string;
  /** In the namespace. */
  kubectl(...words: readonly string[]): Promise<Outcome>;
  /** Output of a kubectl that must succeed. */
  ask(...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface DeliveryCluster extends Place {
  /** Where the gateway with each data plane that can be had takes requests. */
  readonly gateways: ReadonlyMap<DataPlaneName, string>;
  readonly controllers: Controllers;
  /** The folder of the embedded one. */
  readonly directory: string | undefined;
}

export interface PlaceOptions {
  /** Of an embedded cluster; one that is there has as many as it has. Default 1. */
  readonly nodes?: number;
  /** Of an embedded cluster; in any other one pods run. Default `process`. */
  readonly runtime?: 'process' | 'simulated';
  /** What the gateway of an embedded cluster carries requests by. Default `built-in`. */
  readonly embeddedDataPlane?: DataPlaneName;
}

export interface DeliveryClusterOptions extends PlaceOptions {
  /** Default 2. */
  readonly controllers?: number;
  /** Of the controllers. */
  readonly leaseSeconds?: number;
  /** By which requests come; an embedded cluster brings one in any case. Default all that can be had. */
  readonly planes?: readonly DataPlaneName[];
  /** Every gateway is a process of its own in front of the cluster, also where that brings one. Default false. */
  readonly hasGatewaysAlone?: boolean;
}

type Undo = (() => Promise<unknown>)[];

export function startDeliveryCluster(options: DeliveryClusterOptions = {}): Promise<DeliveryCluster> {
  return untilStopped((undo) => start(options, undo));
}

/** For what delivery asks of a cluster without controllers and gateways. */
export function startPlace(options: PlaceOptions = {}): Promise<Place> {
  return untilStopped(async (undo) => (await openPlace(options, undo)).place);
}

type Standing = Omit<Place, 'stop'>;

/** Two clusters with a controller each. */
export interface Pair {
  /** Its contexts are named as the two are, and each leads to the namespace of one. */
  readonly kubeconfig: string;
  readonly staging: Standing;
  readonly production: Standing;
  stop(): Promise<void>;
}

/** Beside a cluster that is there already there is no other that pulls the same images: there the two are namespaces of it. */
export function startPair(): Promise<Pair> {
  return untilStopped(async (undo) => {
    const staging = await openPlace({ runtime: 'simulated' }, undo);
    const production = await openPlace({ runtime: 'simulated' }, undo);
    const both = [staging, production];
    for (const { place } of staging.own === undefined ? [staging] : both) {
      const controllers = new Controllers(place);
      undo.push(() => controllers.stop());
      await controllers.start();
    }
    for (const { own, place } of both)
      if (own === undefined) undo.push(() => removeApplications(place.client, place.namespace));
    const kubeconfig = join(staging.place.folder, 'pair.kubeconfig');
    const joined = await joinContexts({ staging: staging.place, production: production.place });
    await writeFile(kubeconfig, JSON.stringify(joined), { mode: 0o600 });
    return { kubeconfig, staging: staging.place, production: production.place };
  });
}

async function joinContexts(places: Readonly<Record<string, Standing>>): Promise<Kubeconfig> {
  const configs = await Promise.all(
    Object.entries(places).map(async ([name, { ask, namespace }]) => {
      // With one cluster and one user, and their certificates in it.
      const words = ['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json'];
      const { clusters, users }: Kubeconfig = JSON.parse(await ask(...words));
      return {
        clusters: (clusters ?? []).map((each) => ({ ...each, name })),
        users: (users ?? []).map((each) => ({ ...each, name })),
        contexts: [{ name, context: { cluster: name, user: name, namespace } }],
      };
    }),
  );
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: configs.flatMap(({ clusters }) => clusters),
    users: configs.flatMap(({ users }) => users),
    contexts: configs.flatMap(({ contexts }) => contexts),
  };
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
  const { controllers: count = 2, leaseSeconds } = options;
  const controllers = new Controllers({ client, kubeconfig, leaseSeconds });
  undo.push(() => controllers.stop());
  if (own === undefined) undo.push(() => removeApplications(client, namespace));
  await Promise.all(Array.from({ length: count }, () => controllers.start()));
  const gateways = await openGateways({ own, kubeconfig, options }, undo);
  return { ...place, gateways, controllers, directory: own?.directory };
}

interface OpenPlace {
  readonly own: TestCluster | undefined;
  readonly place: Standing;
}

async function openPlace(options: PlaceOptions, undo: Undo): Promise<OpenPlace> {
  const own = foreignKubeconfig === '' ? await startCluster({ words: embeddedWords(options) }) : undefined;
  if (own !== undefined) undo.push(() => own.stop());
  const kubeconfig = own?.kubeconfig ?? foreignKubeconfig;
  const { client, server } = await connect({ kubeconfig });
  if (own === undefined) await expectNoController(client);
  const folder = await self.createFolder();
  undo.push(() => removeFolder(folder));
  const namespace = `slipway-test-${randomBytes(4).toString('hex')}`;
  const kubectl: Place['kubectl'] = (...words) =>
    execute('kubectl', ['--kubeconfig', kubeconfig, '--namespace', namespace, ...words]);
  const ask: Place['ask'] = async (...words) => answerOf(words, await kubectl(...words));
  console.log(`Delivery is tried ${clusterTitle}, ${await describeServer(ask)} at ${server}.`);
  await client.create(namespaces, { metadata: { name: namespace } });
  if (own === undefined) undo.push(() => client.delete(namespaces, { name: namespace }));
  const kind = own === undefined ? 'foreign' : 'embedded';
  return { own, place: { kind, client, kubeconfig, namespace, folder, kubectl, ask } };
}

function embeddedWords(options: PlaceOptions): readonly string[] {
  const { nodes = 1, runtime = 'process', embeddedDataPlane = 'built-in' } = options;
  return ['--no-controller', '--nodes', String(nodes), '--runtime', runtime, '--data-plane', embeddedDataPlane];
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
  const { hasGatewaysAlone = false, embeddedDataPlane = 'built-in', planes } = options;
  const brought = hasGatewaysAlone ? undefined : own;
  const beside = dataPlanes
    .filter(({ missing }) => missing === undefined)
    .filter(({ name }) => planes?.includes(name) ?? true)
    .filter(({ name }) => brought === undefined || name !== embeddedDataPlane);
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

async function describeServer(ask: Place['ask']): Promise<string> {
  const said: { readonly serverVersion: { readonly gitVersion: string } } = JSON.parse(
    await ask('version', '-o', 'json'),
  );
  return `Kubernetes ${said.serverVersion.gitVersion}`;
}

function answerOf(words: readonly string[], { exitCode, stdout, stderr }: Outcome): string {
  if (exitCode !== 0) throw new Error(`kubectl ${words.join(' ')} failed: ${stderr}`);
  return stdout.trim();
}

/** Before their namespace, while there is a controller to take them down. */
async function removeApplications(client: KubeClient, namespace: string): Promise<void> {
  for (const { metadata } of (await client.list(applications, { namespace })).items)
    await client.delete(applications, { namespace, name: metadata.name ?? '' });
  while ((await client.list(applications, { namespace })).items.length > 0) await pause(200);
}
