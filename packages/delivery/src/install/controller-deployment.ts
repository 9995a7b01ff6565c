import type { Container, Deployment, PodSpec } from '@slipway/kube/api.generated';
import { controllerLabels, controllerName, homeNamespace } from './names.ts';

export interface DeployedController {
  readonly namespace?: string | undefined;
  readonly image: string;
}

/** Of `/metrics`, `/livez` and `/readyz`. */
const adminPort = 9090;
/** No user of any image is this one. */
const nobody = 65_532;

/** Two, of which one leads and the other goes on within seconds. https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export function controllerDeployment({ namespace, image }: DeployedController): Deployment {
  return {
    metadata: { name: controllerName, namespace: namespace ?? homeNamespace, labels: controllerLabels },
    spec: {
      replicas: 2,
      selector: { matchLabels: controllerLabels },
      template: { metadata: { labels: controllerLabels }, spec: podSpec(container({ namespace, image })) },
    },
  };
}

function podSpec(container: Container): PodSpec {
  return {
    serviceAccountName: controllerName,
    automountServiceAccountToken: true,
    // The lease is given back on the way out, which takes one request.
    terminationGracePeriodSeconds: 10,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: nobody,
      runAsGroup: nobody,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    // Apart where there is more than one node, and both where there is not.
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: controllerLabels },
    })),
    containers: [container],
  };
}

function container({ namespace, image }: DeployedController): Container {
  const scope = namespace === undefined ? [] : ['--namespace', namespace];
  const admin = ['--admin-host', '$(POD_IP)', '--admin-port', String(adminPort)];
  return {
    name: 'controller',
    image,
    // The kinds are there before it, by somebody with the right to change them.
    args: ['controller', '--no-install-kinds', ...scope, ...admin],
    // Where to listen in a cluster of either family of addresses.
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }],
    ports: [{ name: 'admin', containerPort: adminPort, protocol: 'TCP' }],
    livenessProbe: { httpGet: { path: '/livez', port: 'admin' }, periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { httpGet: { path: '/readyz', port: 'admin' }, periodSeconds: 5 },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}
