/** Several Applications in the cluster of virtual time, which are released in an order. */
import { findCondition } from '@slipway/kube/conditions';
import { Informer } from '@slipway/kube/informer';
import { splits, type Split } from '@slipway/kube/split';
import { applications, type Application, type ApplicationSpec } from '../src/api/application.ts';
import { createCommand, releaseCommands, type Verb } from '../src/api/release-command.ts';
import { releaseGroups, type ReleaseGroupStatus } from '../src/api/release-group.ts';
import { releases, type Release } from '../src/api/release.ts';
import { createDeliveryCluster, type DeliveryCluster, type DeliveryClusterOptions } from './delivery-cluster.ts';

const namespace = 'default';

export interface OrderCluster extends Omit<DeliveryCluster, 'deploy' | 'application' | 'release' | 'command'> {
  /** Two pods of the image behind a route of the Application's own. */
  deploy(name: string, image: string, more?: Partial<ApplicationSpec>): Promise<void>;
  application(name: string): Promise<Application>;
  release(name: string, version: string): Promise<Release>;
  command(verb: Verb, name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** A ReleaseGroup by the name of `shop`. */
  group(members: readonly string[], abortTogether?: 'abortTogether'): Promise<void>;
  groupStatus(): Promise<ReleaseGroupStatus | undefined>;
  /** Phase, and the version that has all the traffic from outside, as `Guarding 2`. */
  state(name: string): Promise<string>;
  /** Every version that got all the traffic from outside, as `db 2`, in the order in which that was written. */
  readonly moves: readonly string[];
  waitingFor(name: string): Promise<string | undefined>;
  /** `False Missing` */
  conditionOf(name: string, type: string): Promise<string>;
}

export async function createOrderCluster(options: DeliveryClusterOptions = {}): Promise<OrderCluster> {
  const cluster = await createDeliveryCluster(options);
  const { client } = cluster;
  const application = (name: string): Promise<Application> => client.get(applications, { namespace, name });
  let commands = 0;
  const following = new AbortController();
  const moves = await followMoves(cluster, following.signal);
  return {
    ...cluster,
    moves,
    get deliveryWrites() {
      return cluster.deliveryWrites;
    },
    deploy: async (name, image, more = {}) => {
      const body = {
        apiVersion: 'slipway.dev/v1alpha1',
        kind: 'Application',
        metadata: { namespace, name },
        spec: { ...specOf(name, image), ...more },
      };
      await client.patch(applications, { namespace, name }, { type: 'apply', body, force: true }, applying);
    },
    stop: () => {
      following.abort(new Error('the test has ended'));
      return cluster.stop();
    },
    application,
    release: (name, version) => client.get(releases, { namespace, name: `${name}-${version}` }),
    command: async (verb, name) => {
      commands += 1;
      await client.create(releaseCommands, createCommand(verb, name, { namespace, name: `${verb}-${commands}` }));
    },
    remove: async (name) => {
      await client.delete(applications, { namespace, name });
    },
    group: async (members, abortTogether) => {
      const body = {
        apiVersion: 'slipway.dev/v1alpha1',
        kind: releaseGroups.kind,
        metadata: groupKey,
        spec: { members, abortTogether: abortTogether !== undefined },
      };
      await client.patch(releaseGroups, groupKey, { type: 'apply', body, force: true }, applying);
    },
    groupStatus: async () => (await client.get(releaseGroups, groupKey)).status,
    state: async (name) => {
      const version = wholeVersion(await client.get(splits, { namespace, name }));
      return `${(await application(name)).status?.phase ?? ''} ${version ?? 'shared'}`;
    },
    waitingFor: async (name) => (await application(name)).status?.waitingFor,
    conditionOf: async (name, type) => {
      const found = findCondition((await application(name)).status?.conditions, type);
      return `${found?.status ?? 'absent'} ${found?.reason ?? ''}`.trim();
    },
  };
}

const groupKey = { namespace, name: 'shop' };
const applying = { fieldManager: 'test' };

/** Told of every write in its order, also where several share a moment. */
async function followMoves({ client, clock }: DeliveryCluster, signal: AbortSignal): Promise<readonly string[]> {
  const moves: string[] = [];
  const informer = new Informer({ client, type: splits, clock });
  informer.onChange(({ current, old }) => {
    const version = wholeVersion(current);
    if (version !== undefined && version !== wholeVersion(old)) moves.push(`${current?.metadata.name} ${version}`);
  });
  informer.start(signal);
  await informer.synced();
  return moves;
}

function wholeVersion(split: Split | undefined): string | undefined {
  return split?.spec.rules[0]?.backends.find(({ weight }) => weight === 100)?.version;
}

export function specOf(name: string, image: string): Partial<ApplicationSpec> {
  return {
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: [`${name}.localhost`] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type: 'blueGreen' },
    progressDeadlineSeconds: 30,
    guardSeconds: 20,
    drainSeconds: 0,
    keepFailedSeconds: 0,
  };
}
