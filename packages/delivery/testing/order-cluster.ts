/** Several Applications in the cluster of virtual time, which are released in an order. */
import { findCondition } from '@slipway/kube/conditions';
import { splits } from '@slipway/kube/split';
import { applications, type Application, type ApplicationSpec } from '../src/api/application.ts';
import { createCommand, releaseCommands, type Verb } from '../src/api/release-command.ts';
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
  /** Phase, and the version that has all the traffic from outside, as `Guarding 2`. */
  state(name: string): Promise<string>;
  waitingFor(name: string): Promise<string | undefined>;
  /** `False Missing` */
  conditionOf(name: string, type: string): Promise<string>;
}

export async function createOrderCluster(options: DeliveryClusterOptions = {}): Promise<OrderCluster> {
  const cluster = await createDeliveryCluster(options);
  const { client } = cluster;
  const application = (name: string): Promise<Application> => client.get(applications, { namespace, name });
  let commands = 0;
  return {
    ...cluster,
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
    application,
    release: (name, version) => client.get(releases, { namespace, name: `${name}-${version}` }),
    command: async (verb, name) => {
      commands += 1;
      await client.create(releaseCommands, createCommand(verb, name, { namespace, name: `${verb}-${commands}` }));
    },
    remove: async (name) => {
      await client.delete(applications, { namespace, name });
    },
    state: async (name) => {
      const { spec } = await client.get(splits, { namespace, name });
      const whole = spec.rules[0]?.backends.find(({ weight }) => weight === 100);
      return `${(await application(name)).status?.phase ?? ''} ${whole?.version ?? 'shared'}`;
    },
    waitingFor: async (name) => (await application(name)).status?.waitingFor,
    conditionOf: async (name, type) => {
      const found = findCondition((await application(name)).status?.conditions, type);
      return `${found?.status ?? 'absent'} ${found?.reason ?? ''}`.trim();
    },
  };
}

const applying = { fieldManager: 'test' };

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
