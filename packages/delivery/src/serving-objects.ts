/** The Services of an Application and of its versions follow `spec.service` at once. */
import type { Service, ServiceSpec } from '@slipway/kube/api.generated';
import type { Application } from './api/application.ts';
import type { Release } from './api/release.ts';
import { annotations, backendName, digest, isOurs, labels, replicaSetName } from './names.ts';
import { adoptedServices, type Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { nameOf } from './release-context.ts';
import { ownMetadata } from './version-objects.ts';

/** The Service that users of the Application know. Its selector is written once and never changes. */
export function applicationService({ metadata, spec }: Application): Service {
  const { name = '', namespace, uid = '' } = metadata;
  const selector = { [labels.application]: name, [labels.serves]: 'true' };
  return {
    metadata: {
      name,
      namespace,
      labels: { [labels.application]: name },
      annotations: { [annotations.ownerUid]: uid, [annotations.content]: digest(spec.service) },
    },
    spec: { ...spec.service, selector },
  };
}

/** Reaches the ready pods of this version and of no other, whoever serves. */
export function versionService(release: Release, service: Omit<ServiceSpec, 'selector'>): Service {
  const own = ownMetadata(release);
  const ports = (service.ports ?? []).map(({ nodePort: _, ...port }) => port);
  return {
    metadata: {
      name: backendName(release.spec),
      namespace: release.metadata.namespace,
      labels: own.labels,
      annotations: { ...own.annotations, [annotations.content]: digest(service) },
    },
    spec: { ports, type: 'ClusterIP', selector: { ...own.labels, [labels.backend]: 'true' } },
  };
}

/** Given by the API server when the Service was made, and not to be taken away from it. */
const assigned = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort'];

/** From what there is to what should be: what spec says no more goes, and ports keep the numbers that nodes have for them. */
export function servicePatch(existing: Service, wanted: Service): object {
  const gone = Object.keys(existing.spec ?? {}).filter((key) => !assigned.includes(key));
  const isNodePort = wanted.spec?.type === 'NodePort' || wanted.spec?.type === 'LoadBalancer';
  const ports = (wanted.spec?.ports ?? []).map((port) => {
    const old = existing.spec?.ports?.find(({ name, port: number }) => name === port.name && number === port.port);
    return isNodePort && old?.nodePort !== undefined ? { nodePort: old.nodePort, ...port } : port;
  });
  const { resourceVersion } = existing.metadata;
  return {
    metadata: { ...wanted.metadata, resourceVersion },
    spec: { ...Object.fromEntries(gone.map((key) => [key, null])), ...wanted.spec, ports },
  };
}

/** Only where a release is to be served: before that there is nothing to be reached. */
export function planServices(observation: Observation): readonly Action[] {
  const { application, releases, replicaSets, services } = observation;
  const { service } = application.spec;
  if (service === undefined || releases.length === 0) return [];
  const uid = application.metadata.uid ?? '';
  const content = digest(service);
  const isCurrent = (name: string): boolean =>
    services.some(
      (each) =>
        each.metadata.name === name &&
        isOurs(each, uid) &&
        each.metadata.annotations?.[annotations.content] === content,
    );
  const outdated = releases.filter((release) => {
    const set = replicaSetName(release.spec);
    return replicaSets.some(({ metadata }) => metadata.name === set) && !isCurrent(backendName(release.spec));
  });
  const { name = '' } = application.metadata;
  // A Service of that name which was adopted is the user's own: it stays as it is.
  const isServed = isCurrent(name) || adoptedServices(observation).includes(name);
  return [
    ...(isServed ? [] : [{ type: 'ensureService' } as const]),
    ...outdated.map((release): Action => ({ type: 'ensureService', release: nameOf(release) })),
  ];
}
