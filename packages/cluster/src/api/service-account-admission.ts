/** Pods run as a service account even if they do not name one, and find its token where clients look for it. */
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '@slipway/kube/api.generated';
import { randomSuffix } from '@slipway/kube/hash';
import type { KubeObject } from '@slipway/kube/object';
import { pods, serviceAccounts } from '@slipway/kube/resources';
import { rootCertificateName } from '../controllers/namespace/root-certificate.ts';
import type { AdmissionPlugin } from './admission.ts';
import { forbidden } from './api-errors.ts';
import { storeKey } from './object-key.ts';
import type { ResourceStore } from './resource-store.ts';

/** Every namespace has it, a moment after the namespace itself. */
const defaultAccount = 'default';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** An hour, and a little by which such tokens are told from those that somebody has asked for. */
const expirationSeconds = 3_607;
const volumeMode = 0o644;

export interface ServiceAccountAdmissionOptions {
  readonly resources: ResourceStore;
  readonly random: () => number;
}

export function createServiceAccountAdmission(options: ServiceAccountAdmissionOptions): AdmissionPlugin {
  return {
    admit: ({ definition, object, old }) => {
      if (old !== undefined || definition.type.kind !== pods.kind || definition.type.group !== pods.group)
        return object;
      const { spec }: Pod = object;
      return spec === undefined ? object : { ...object, ...{ spec: withAccount(spec, object, options) } };
    },
  };
}

function withAccount(
  spec: PodSpec,
  { metadata }: KubeObject,
  { resources, random }: ServiceAccountAdmissionOptions,
): PodSpec {
  const { namespace = '', name = '' } = metadata;
  const given = spec.serviceAccountName ?? '';
  const accountName = given === '' ? defaultAccount : given;
  const account = findAccount(resources, { namespace, name: accountName });
  if (account === undefined && accountName !== defaultAccount)
    throw forbidden(
      pods,
      name,
      `error looking up service account ${namespace}/${accountName}: serviceaccount ${JSON.stringify(accountName)} not found`,
    );
  const named = { ...spec, serviceAccountName: accountName, serviceAccount: accountName };
  const isMounted = spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true;
  return withPullSecrets(isMounted ? withToken(named, random) : named, account);
}

function findAccount(
  resources: ResourceStore,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): ServiceAccount | undefined {
  const stored = resources.store.get(storeKey(serviceAccounts, namespace, name));
  return stored === undefined ? undefined : resources.cache.parse(stored);
}

function withPullSecrets(spec: PodSpec, account: ServiceAccount | undefined): PodSpec {
  const { imagePullSecrets = [] } = account ?? {};
  return imagePullSecrets.length === 0 || (spec.imagePullSecrets ?? []).length > 0
    ? spec
    : { ...spec, imagePullSecrets };
}

/** Containers that have something of their own there keep it. */
function withToken(spec: PodSpec, random: () => number): PodSpec {
  const volumes = spec.volumes ?? [];
  const known = volumes.find(isTokenVolume);
  const name = known?.name ?? `${volumePrefix}${randomSuffix(random)}`;
  const mounted = (container: Container): Container =>
    hasMount(container)
      ? container
      : { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }] };
  const { containers, initContainers } = spec;
  if ([...containers, ...(initContainers ?? [])].every(hasMount)) return spec;
  return {
    ...spec,
    containers: containers.map(mounted),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(mounted) }),
    volumes: known === undefined ? [...volumes, tokenVolume(name)] : volumes,
  };
}

function hasMount({ volumeMounts = [] }: Container): boolean {
  return volumeMounts.some((mount) => mount.mountPath === mountPath);
}

/** Asked before it is validated that a volume has a name. */
function isTokenVolume({ name, projected }: Partial<Volume>): boolean {
  const sources = projected?.sources ?? [];
  return (
    name?.startsWith(volumePrefix) === true &&
    sources.some(({ serviceAccountToken }) => serviceAccountToken?.path === 'token')
  );
}

function tokenVolume(name: string): Volume {
  const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.namespace' };
  return {
    name,
    projected: {
      defaultMode: volumeMode,
      sources: [
        { serviceAccountToken: { expirationSeconds, path: 'token' } },
        { configMap: { name: rootCertificateName, items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef }] } },
      ],
    },
  };
}
