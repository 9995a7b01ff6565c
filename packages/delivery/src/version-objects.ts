/** The objects of one version: what is created for it, from its Release alone. */
import type { Container, EnvFromSource, PodTemplateSpec, ReplicaSet } from '@slipway/kube/api.generated';
import type { Release } from './api/release.ts';
import { environmentSources } from './configuration/environment.ts';
import { renameReferences, renameSource, toCopies } from './configuration/references.ts';
import { annotations, backendName, labels } from './names.ts';
import { nameOf } from './release-context.ts';

interface OwnMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The labels say to which version an object belongs, the uid that we may change it. */
export function ownMetadata(release: Release): OwnMetadata {
  const { application, applicationUid, version } = release.spec;
  return {
    labels: { [labels.application]: application, [labels.release]: nameOf(release) },
    annotations: { [annotations.ownerUid]: applicationUid, [annotations.version]: version },
  };
}

export function versionReplicaSet(release: Release, replicas: number): ReplicaSet {
  const own = ownMetadata(release);
  return {
    metadata: { name: backendName(release.spec), namespace: release.metadata.namespace, ...own },
    spec: { replicas, selector: { matchLabels: own.labels }, template: podTemplate(release, own) },
  };
}

/** The user's template with our labels, and with what every pod is told of itself. */
function podTemplate(release: Release, own: OwnMetadata): PodTemplateSpec {
  const { version, application } = release.spec;
  const rename = toCopies(release.spec);
  const template = renameReferences(release.spec.template, rename);
  const platform = environmentSources(release.spec.frozen);
  const environmentFrom = (release.spec.environmentFrom ?? []).map((source) => renameSource(source, rename));
  const environment = [
    { name: 'APP_NAME', value: application },
    { name: 'APP_VERSION', value: version },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
  ];
  const containers = (template.spec?.containers ?? []).map((container) => {
    const given = new Set((container.env ?? []).map(({ name }) => name));
    const env = [...environment.filter(({ name }) => !given.has(name)), ...(container.env ?? [])];
    return withSources({ ...container, env }, [...platform, ...environmentFrom]);
  });
  const initContainers = template.spec?.initContainers?.map((container) => withSources(container, platform));
  return {
    metadata: {
      ...template.metadata,
      labels: { ...template.metadata?.labels, ...own.labels, [labels.backend]: 'true' },
      annotations: { ...template.metadata?.annotations, ...own.annotations },
    },
    spec: { ...template.spec, ...(initContainers === undefined ? {} : { initContainers }), containers },
  };
}

/** Before its own, which win. */
function withSources(container: Container, sources: readonly EnvFromSource[]): Container {
  return sources.length === 0 ? container : { ...container, envFrom: [...sources, ...(container.envFrom ?? [])] };
}
