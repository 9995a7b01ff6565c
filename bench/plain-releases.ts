import { fileURLToPath } from 'node:url';
import type { Deployment, Ingress, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import { deployments, ingresses, services } from '@slipway/kube/resources';
import { startTraffic, type TrafficReport } from '../test/e2e/support/traffic/traffic.ts';
import { checkoutMount, checkoutVolume } from '../test/e2e/support/checkout-volume.ts';

const program = fileURLToPath(new URL('../test/e2e/support/traffic/application.ts', import.meta.url));
const namespace = 'default';
const host = 'plain.localhost';
const port = 8080;
const availableMilliseconds = 60_000;

export interface ByHand {
  readonly gateway: string;
  readonly replicas: number;
  readonly requestsPerSecond: number;
  readonly releases: number;
}

/**
 * Blue-green as many do it with what Kubernetes has: another Deployment, and when it is available the selector of the
 * Service is changed and the old Deployment deleted. The same application under the same clients.
 */
export async function releaseByHand(client: KubeClient, options: ByHand): Promise<TrafficReport> {
  await createDeployment(client, 'v0', options.replicas);
  await client.create(services, plainService);
  await client.create(ingresses, plainIngress);
  const { gateway, requestsPerSecond } = options;
  const traffic = await startTraffic({ target: gateway, host, rate: requestsPerSecond, versions: ['v0'] });
  for (let number = 1; number <= options.releases; number++) {
    const [old, version] = [`v${number - 1}`, `v${number}`];
    await traffic.load.allow([old, version]);
    await createDeployment(client, version, options.replicas);
    const body = { spec: { selector: { version } } };
    await client.patch(services, { namespace, name: 'plain' }, { type: 'merge', body });
    await client.delete(deployments, { namespace, name: nameOf(old) });
  }
  return traffic.stop();
}

function nameOf(version: string): string {
  return `plain-${version}`;
}

/** Resolves when it is available. */
async function createDeployment(client: KubeClient, version: string, replicas: number): Promise<void> {
  const created = await client.create(deployments, plainDeployment(version, replicas));
  const fieldSelector = `metadata.name=${nameOf(version)}`;
  const { resourceVersion } = created.metadata;
  const signal = AbortSignal.timeout(availableMilliseconds);
  for await (const { type, object } of client.watch(deployments, {
    namespace,
    fieldSelector,
    resourceVersion,
    signal,
  })) {
    if (type === 'MODIFIED' && isConditionTrue(object.status?.conditions, 'Available')) return;
  }
  throw new Error(`the watch of Deployment ${nameOf(version)} ended before it was available`);
}

function plainDeployment(version: string, replicas: number): Deployment {
  const labels = { app: 'plain', version };
  return {
    metadata: { name: nameOf(version), namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          volumes: [checkoutVolume],
          containers: [
            {
              name: 'application',
              image: 'node:24',
              command: ['node', program],
              volumeMounts: [checkoutMount],
              env: [
                { name: 'APP_VERSION', value: version },
                { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              ],
              ports: [{ name: 'http', containerPort: port }],
              readinessProbe: { httpGet: { path: '/health', port: 'http' } },
            },
          ],
        },
      },
    },
  };
}

const plainService: Service = {
  metadata: { name: 'plain', namespace },
  spec: { selector: { app: 'plain', version: 'v0' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
};

const backend = { service: { name: 'plain', port: { name: 'http' } } };
const plainIngress: Ingress = {
  metadata: { name: 'plain', namespace },
  spec: { rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
};
