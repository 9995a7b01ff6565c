/** Discovery, plain and aggregated, as pure functions of the catalog. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api */
import { apiVersionOf, type ResourceType } from '@slipway/kube/object';
import type { GroupVersionKind, ResourceDefinition } from './definition.ts';

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

type Definitions = readonly ResourceDefinition[];

function versionsOf(definitions: Definitions, group: string): readonly string[] {
  return [...new Set(definitions.filter(({ type }) => type.group === group).map(({ type }) => type.version))];
}

function groupsOf(definitions: Definitions): readonly string[] {
  return [...new Set(definitions.map(({ type }) => type.group))].filter((group) => group !== '');
}

function resourcesOf(definitions: Definitions, { group, version }: GroupVersion): Definitions {
  return definitions.filter(({ type }) => type.group === group && type.version === version);
}

/** `GET /api` */
export function coreVersions(serverAddress: string): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `GET /apis` */
export function groupList(definitions: Definitions): unknown {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupsOf(definitions).map((group) => groupDocument(definitions, group)),
  };
}

/** `GET /apis/<group>`; undefined for a group that is not served. */
export function groupDiscovery(definitions: Definitions, group: string): unknown {
  return versionsOf(definitions, group).length === 0
    ? undefined
    : { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(definitions, group) };
}

function groupDocument(definitions: Definitions, group: string): object {
  const versions = versionsOf(definitions, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

/** `GET /api/v1` and `GET /apis/<group>/<version>`; undefined for one that is not served. */
export function resourceList(definitions: Definitions, where: GroupVersion): unknown {
  const served = resourcesOf(definitions, where);
  if (served.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(where),
    resources: served.flatMap(plainResources),
  };
}

function plainResources(definition: ResourceDefinition): readonly object[] {
  const { type, singular, shortNames, categories, verbs } = definition;
  const main = {
    name: type.plural,
    singularName: singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
  const below = subresources(definition).map(({ subresource, responseKind, verbs: allowed }) => ({
    name: `${type.plural}/${subresource}`,
    singularName: '',
    namespaced: type.namespaced,
    ...(responseKind.group === type.group ? {} : { group: responseKind.group, version: responseKind.version }),
    kind: responseKind.kind,
    verbs: allowed,
  }));
  return [main, ...below];
}

interface Subresource {
  readonly subresource: string;
  readonly responseKind: GroupVersionKind;
  readonly verbs: readonly string[];
}

const connectVerbs: Readonly<Record<string, readonly string[]>> = {
  log: ['get'],
  exec: ['create', 'get'],
  attach: ['create', 'get'],
  portforward: ['create', 'get'],
  binding: ['create'],
  eviction: ['create'],
  finalize: ['update'],
  token: ['create'],
  proxy: ['create', 'delete', 'get', 'patch', 'update'],
};

const connectKinds: Readonly<Record<string, GroupVersionKind>> = {
  exec: { group: '', version: 'v1', kind: 'PodExecOptions' },
  attach: { group: '', version: 'v1', kind: 'PodAttachOptions' },
  portforward: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
  binding: { group: '', version: 'v1', kind: 'Binding' },
  eviction: { group: 'policy', version: 'v1', kind: 'Eviction' },
  token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
};

/** What is sent to a subresource, or asked of it by the query of a connection. */
export function connectKind({ group, version, kind }: ResourceType, subresource: string): GroupVersionKind {
  if (subresource === 'proxy') return { group, version, kind: `${kind}ProxyOptions` };
  return connectKinds[subresource] ?? { group, version, kind };
}

const partVerbs = ['get', 'patch', 'update'];

/** Undefined for a subresource that the kind has not. */
export function subresourceVerbs(
  { connect, hasStatus, scale, parts }: ResourceDefinition,
  subresource: string,
): readonly string[] | undefined {
  if (subresource === 'status') return hasStatus ? partVerbs : undefined;
  if (subresource === 'scale') return scale === undefined ? undefined : partVerbs;
  if (parts?.[subresource] !== undefined) return partVerbs;
  return connect.includes(subresource) ? (connectVerbs[subresource] ?? ['get']) : undefined;
}

function subresources({ type, hasStatus, scale, connect, parts = {} }: ResourceDefinition): readonly Subresource[] {
  const own = { group: type.group, version: type.version, kind: type.kind };
  return [
    ...connect.map((subresource) => ({
      subresource,
      responseKind: connectKind(type, subresource),
      verbs: connectVerbs[subresource] ?? ['get'],
    })),
    ...Object.keys(parts).map((subresource) => ({
      subresource,
      responseKind: own,
      verbs: partVerbs,
    })),
    ...(scale === undefined
      ? []
      : [
          {
            subresource: 'scale',
            responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
            verbs: partVerbs,
          },
        ]),
    ...(hasStatus ? [{ subresource: 'status', responseKind: own, verbs: partVerbs }] : []),
  ];
}

/** The aggregated form of `/api` or `/apis`: everything in one answer. */
export function aggregatedDiscovery(
  definitions: Definitions,
  scope: 'core' | 'groups',
  version: 'v2' | 'v2beta1',
): unknown {
  const groups = scope === 'core' ? [''] : groupsOf(definitions);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: versionsOf(definitions, group).map((each) => ({
        version: each,
        freshness: 'Current',
        resources: resourcesOf(definitions, { group, version: each }).map(aggregatedResource),
      })),
    })),
  };
}

function aggregatedResource(definition: ResourceDefinition): object {
  const { type, singular, shortNames, categories, verbs } = definition;
  const below = subresources(definition);
  return {
    resource: type.plural,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(below.length === 0 ? {} : { subresources: below }),
  };
}
