/**
 * What the spec of a pod is where it does not say, in a template too.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
import type {
  Container,
  EphemeralContainer,
  ObjectFieldSelector,
  PodSpec,
  Probe,
  ResourceFieldSelector,
} from '@slipway/kube/api.generated';

export function defaultPodSpec(spec: PodSpec): PodSpec {
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...spec,
    containers: (spec.containers ?? []).map(defaultContainer),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(defaultContainer) }),
    ...(spec.ephemeralContainers === undefined
      ? {}
      : { ephemeralContainers: spec.ephemeralContainers.map(defaultContainer) }),
    ...(spec.volumes === undefined ? {} : { volumes: spec.volumes.map(defaultVolume) }),
  };
}

type Volume = NonNullable<PodSpec['volumes']>[number];
type Projection = NonNullable<NonNullable<NonNullable<Volume['projected']>['sources']>[number]>;
type FileOfPod = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

const mode = { defaultMode: 0o644 };
const oneHourSeconds = 3_600;

function defaultVolume(volume: Volume): Volume {
  const { name: _, ...source } = volume;
  if (Object.values(source).every((each) => each === undefined)) return { ...volume, emptyDir: {} };
  const { configMap, secret, downwardAPI, projected, hostPath, ephemeral } = volume;
  const claim = ephemeral?.volumeClaimTemplate;
  return {
    ...volume,
    ...(configMap === undefined ? {} : { configMap: { ...mode, ...configMap } }),
    ...(secret === undefined ? {} : { secret: { ...mode, ...secret } }),
    ...(downwardAPI === undefined ? {} : { downwardAPI: { ...mode, ...withFieldVersions(downwardAPI) } }),
    ...(projected === undefined
      ? {}
      : { projected: { ...mode, ...projected, sources: (projected.sources ?? []).map(defaultProjection) } }),
    ...(hostPath === undefined ? {} : { hostPath: { type: '', ...hostPath } }),
    ...(claim === undefined
      ? {}
      : { ephemeral: { volumeClaimTemplate: { ...claim, spec: { volumeMode: 'Filesystem', ...claim.spec } } } }),
  };
}

function defaultProjection(source: Projection): Projection {
  const { serviceAccountToken, downwardAPI } = source;
  return {
    ...source,
    ...(serviceAccountToken === undefined
      ? {}
      : { serviceAccountToken: { expirationSeconds: oneHourSeconds, ...serviceAccountToken } }),
    ...(downwardAPI === undefined ? {} : { downwardAPI: withFieldVersions(downwardAPI) }),
  };
}

function withFieldVersions<T extends { readonly items?: readonly FileOfPod[] | undefined }>(files: T): T {
  return files.items === undefined ? files : { ...files, items: files.items.map(defaultReference) };
}

interface Reference {
  readonly fieldRef?: ObjectFieldSelector | undefined;
  readonly resourceFieldRef?: ResourceFieldSelector | undefined;
}

/** A divisor that is not given is written as 0, and means 1. */
function defaultReference<T extends Reference>(source: T): T {
  const { fieldRef, resourceFieldRef } = source;
  if (fieldRef === undefined && resourceFieldRef === undefined) return source;
  return {
    ...source,
    ...(fieldRef === undefined ? {} : { fieldRef: { apiVersion: 'v1', ...fieldRef } }),
    ...(resourceFieldRef === undefined ? {} : { resourceFieldRef: { divisor: '0', ...resourceFieldRef } }),
  };
}

function defaultContainer<T extends Container | EphemeralContainer>(container: T): T {
  const { lifecycle, ports, env } = container;
  const withProbes = (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((name) => {
    const probe = container[name];
    return probe === undefined ? [] : [[name, defaultProbe(probe)] as const];
  });
  return {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicyOf(container.image),
    resources: {},
    ...container,
    ...Object.fromEntries(withProbes),
    ...(lifecycle === undefined ? {} : { lifecycle: defaultLifecycle(lifecycle) }),
    ...(ports === undefined ? {} : { ports: ports.map((port) => ({ protocol: 'TCP' as const, ...port })) }),
    ...(env === undefined ? {} : { env: env.map(defaultEnvironmentVariable) }),
  };
}

function defaultEnvironmentVariable(
  variable: NonNullable<Container['env']>[number],
): NonNullable<Container['env']>[number] {
  const { valueFrom } = variable;
  return valueFrom === undefined ? variable : { ...variable, valueFrom: defaultReference(valueFrom) };
}

/** A floating tag is pulled each time. */
function pullPolicyOf(image: string | undefined): 'Always' | 'IfNotPresent' {
  const name = (image ?? '').slice((image ?? '').lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  return !name.includes(':') || name.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: Probe): Probe {
  return {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
    ...withHttpDefaults(probe),
    ...(probe.grpc === undefined ? {} : { grpc: { service: '', ...probe.grpc } }),
  };
}

type Lifecycle = NonNullable<Container['lifecycle']>;

function defaultLifecycle({ postStart, preStop, ...rest }: Lifecycle): Lifecycle {
  return {
    ...rest,
    ...(postStart === undefined ? {} : { postStart: withHttpDefaults(postStart) }),
    ...(preStop === undefined ? {} : { preStop: withHttpDefaults(preStop) }),
  };
}

function withHttpDefaults<T extends Pick<Probe, 'httpGet'>>(handler: T): T {
  const { httpGet } = handler;
  return httpGet === undefined ? handler : { ...handler, httpGet: { path: '/', scheme: 'HTTP', ...httpGet } };
}
