import type { Container, Deployment, PodSpec, Volume } from '@slipway/kube/api.generated';
import { homeNamespace, serverLabels, serverName } from './names.ts';

export interface DeployedServer {
  readonly namespace?: string | undefined;
  readonly image: string;
  /** Name of the Secret with `url` of a PostgreSQL and `key` of what is sealed in it; absent: SQLite on a volume. */
  readonly secret?: string | undefined;
  /** Whether it may try in dry runs what a version is made of, which takes the right to create it. */
  readonly triesObjects?: boolean | undefined;
}

const port = 8090;
/** No user of any image is this one. */
const nobody = 65_532;
const dataDirectory = '/var/lib/slipway';
const keyDirectory = '/etc/slipway';

/** One on SQLite, whose file two never share; two on PostgreSQL. */
export function serverDeployment(server: DeployedServer): Deployment {
  const isAlone = server.secret === undefined;
  return {
    metadata: { name: serverName, namespace: server.namespace ?? homeNamespace, labels: serverLabels },
    spec: {
      replicas: isAlone ? 1 : 2,
      ...(isAlone ? { strategy: { type: 'Recreate' } } : {}),
      selector: { matchLabels: serverLabels },
      template: { metadata: { labels: serverLabels }, spec: podSpec(server) },
    },
  };
}

function podSpec(server: DeployedServer): PodSpec {
  return {
    serviceAccountName: serverName,
    automountServiceAccountToken: true,
    // Ten seconds for what is being answered, and a moment to give the Lease back.
    terminationGracePeriodSeconds: 30,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: nobody,
      runAsGroup: nobody,
      // The volume is another user's when it is new. What is in it stays its owner's alone, however often it is mounted.
      fsGroup: nobody,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: serverLabels },
      },
    ],
    containers: [container(server)],
    volumes: volumes(server),
  };
}

function volumes({ secret }: DeployedServer): readonly Volume[] {
  return [
    // Where commits are fetched to.
    { name: 'tmp', emptyDir: {} },
    secret === undefined
      ? { name: 'data', persistentVolumeClaim: { claimName: serverName } }
      : { name: 'data', emptyDir: {} },
    ...(secret === undefined
      ? []
      : [
          {
            name: 'key',
            secret: { secretName: secret, items: [{ key: 'key', path: 'server-key' }], defaultMode: 0o440 },
          },
        ]),
  ];
}

function container({ namespace, image, secret }: DeployedServer): Container {
  const scope = namespace === undefined ? [] : ['--namespace', namespace];
  const key = secret === undefined ? [] : ['--key-file', `${keyDirectory}/server-key`];
  // Everywhere: forwarded ports come in by loopback, and the Service does not.
  const listening = ['--host', '0.0.0.0', '--port', String(port)];
  return {
    name: 'server',
    image,
    args: ['server', '--no-install-kinds', ...scope, ...listening, '--data-dir', dataDirectory, ...key],
    ...(secret === undefined
      ? {}
      : { env: [{ name: 'SLIPWAY_DATABASE', valueFrom: { secretKeyRef: { name: secret, key: 'url' } } }] }),
    ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
    livenessProbe: { httpGet: { path: '/livez', port: 'http' }, periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 5 },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'data', mountPath: dataDirectory },
      ...(secret === undefined ? [] : [{ name: 'key', mountPath: keyDirectory, readOnly: true }]),
    ],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}
