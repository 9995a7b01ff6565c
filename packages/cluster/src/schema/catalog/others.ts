import { isIP } from 'node:net';
import type {
  CustomResourceDefinition,
  EndpointSlice,
  Ingress,
  IngressClass,
  IngressClassParametersReference,
  Lease,
} from '@slipway/kube/api.generated';
import { customResourceDefinitions, endpointSlices, ingressClasses, ingresses, leases } from '@slipway/kube/resources';
import type { Fault, ResourceDefinition } from '../definition.ts';
import { checkVersionPaths } from '../check-paths.ts';
import { define, type CatalogEntry } from '../entry.ts';
import { validatePatterns } from '../patterns.ts';
import { forbidden, invalid, misnamed, required } from '../faults.ts';
import { dns1035Label, dns1123Subdomain } from '../names.ts';
import { checkDefinitionSchemas } from '../rules/definition-rules.ts';
import { validateIngress } from './ingress-rules.ts';
import { atLeast, supported } from './pod-template.ts';

export const endpointSlice = define<EndpointSlice>({
  type: endpointSlices,
  schemaType: 'io.k8s.api.discovery.v1.EndpointSlice',
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'AddressType', cell: ({ addressType }) => addressType ?? '' },
    {
      name: 'Ports',
      cell: ({ ports }) =>
        shortList(
          (ports ?? []).map(({ port }) => String(port ?? '*')),
          '<unset>',
        ),
    },
    {
      name: 'Endpoints',
      cell: ({ endpoints }) =>
        shortList(
          (endpoints ?? []).flatMap(({ addresses }) => addresses),
          '<unset>',
        ),
    },
  ],
  validate: ({ addressType, endpoints }) => [
    ...(addressType === undefined
      ? [required('addressType')]
      : supported(addressType, ['FQDN', 'IPv4', 'IPv6'], 'addressType')),
    ...(endpoints ?? []).flatMap(({ addresses }, index) =>
      addresses.length === 0
        ? [required(`endpoints[${index}].addresses`, 'must contain at least 1 address')]
        : addresses.flatMap((address, at) =>
            checkAddress(address, addressType, `endpoints[${index}].addresses[${at}]`),
          ),
    ),
  ],
});

const addressVersions: ReadonlyMap<string, number> = new Map([
  ['IPv4', 4],
  ['IPv6', 6],
]);

function checkAddress(address: string, type: string | undefined, field: string): readonly Fault[] {
  if (type === 'FQDN') return misnamed(field, address, dns1123Subdomain);
  const version = addressVersions.get(type ?? '');
  if (version === undefined || isIP(address) === version) return [];
  return [invalid(field, address, `must be a valid ${type} address`)];
}

function shortList(items: readonly string[], none: string): string {
  if (items.length === 0) return none;
  return items.length <= 3 ? items.join(',') : `${items.slice(0, 3).join(',')} + ${items.length - 3} more...`;
}

export const lease = define<Lease>({
  type: leases,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.coordination.v1.Lease',
  nameRule: dns1123Subdomain,
  columns: [{ name: 'Holder', cell: ({ spec }) => spec?.holderIdentity ?? '' }],
  validate: ({ spec: { leaseDurationSeconds, leaseTransitions } = {} }) => [
    ...(leaseDurationSeconds === undefined || leaseDurationSeconds > 0
      ? []
      : [invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0')]),
    ...atLeast(leaseTransitions, 0, 'spec.leaseTransitions'),
  ],
});

export const ingress = define<Ingress>({
  type: ingresses,
  schemaType: 'io.k8s.api.networking.v1.Ingress',
  shortNames: ['ing'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Class', cell: ({ spec }) => spec?.ingressClassName ?? '<none>' },
    {
      name: 'Hosts',
      cell: ({ spec }) =>
        shortList(
          (spec?.rules ?? []).flatMap(({ host }) => host ?? []),
          '*',
        ),
    },
    {
      name: 'Address',
      cell: ({ status }) =>
        (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []).join(','),
    },
    { name: 'Ports', cell: ({ spec }) => ((spec?.tls ?? []).length > 0 ? '80, 443' : '80') },
  ],
  validate: validateIngress,
});

export const ingressClass = define<IngressClass>({
  type: ingressClasses,
  schemaType: 'io.k8s.api.networking.v1.IngressClass',
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Controller', cell: ({ spec }) => spec?.controller ?? '' },
    { name: 'Parameters', cell: ({ spec }) => parametersText(spec?.parameters) },
  ],
  defaults: (object) =>
    object.spec?.parameters === undefined
      ? object
      : { ...object, spec: { ...object.spec, parameters: { scope: 'Cluster', ...object.spec.parameters } } },
  validate: ({ spec = {} }) => [
    ...validateController(spec.controller ?? ''),
    ...(spec.parameters === undefined ? [] : validateParameters(spec.parameters)),
  ],
  validateUpdate: ({ spec }, old) =>
    spec?.controller === old.spec?.controller
      ? []
      : [invalid('spec.controller', spec?.controller, 'field is immutable')],
});

function parametersText(parameters: IngressClassParametersReference | undefined): string {
  if (parameters === undefined) return '<none>';
  const { kind, apiGroup, name } = parameters;
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`;
}

function validateController(controller: string): readonly Fault[] {
  if (controller === '') return [];
  const [domain = '', ...rest] = controller.split('/');
  const isPath = dns1123Subdomain(domain).length === 0 && rest.join('') !== '';
  return isPath
    ? []
    : [invalid('spec.controller', controller, 'must be a domain-prefixed path (such as "acme.io/foo")')];
}

function validateParameters({ kind = '', name = '', scope, namespace }: Partial<IngressClassParametersReference>) {
  const path = 'spec.parameters';
  const isNamespaced = scope === 'Namespace';
  return [
    ...(kind === '' ? [required(`${path}.kind`)] : []),
    ...(name === '' ? [required(`${path}.name`)] : []),
    ...supported(scope, ['Cluster', 'Namespace'], `${path}.scope`),
    ...(isNamespaced && (namespace ?? '') === ''
      ? [required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'")]
      : []),
    ...(!isNamespaced && namespace !== undefined
      ? [forbidden(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'")]
      : []),
  ];
}

/** The kind of kinds. Of those that are proven the rules are not compiled again. */
export function customResourceDefinition(proven: readonly CustomResourceDefinition[]): ResourceDefinition {
  return define({
    ...customResourceDefinitionEntry,
    validateRules: (object, stored) => checkDefinitionSchemas(object, { stored, proven }),
  });
}

const customResourceDefinitionEntry: CatalogEntry<CustomResourceDefinition> = {
  type: customResourceDefinitions,
  schemaType: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  bareColumns: true,
  columns: [
    { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' },
    { name: 'Created At', cell: ({ metadata }) => metadata.creationTimestamp ?? '' },
  ],
  defaults: (object) => {
    const { names } = object.spec;
    const [kind, plural] = [textOf(names.kind), textOf(names.plural)];
    const { singular = kind.toLowerCase(), listKind = `${kind}List` } = names;
    return {
      ...object,
      spec: {
        conversion: { strategy: 'None' },
        ...object.spec,
        group: textOf(object.spec.group),
        names: { ...names, kind, plural, singular, listKind },
      },
    };
  },
  validate: validateCustomResourceDefinition,
};

function validateCustomResourceDefinition({ metadata, spec }: CustomResourceDefinition): readonly Fault[] {
  const { group, names } = spec;
  const expected = `${names.plural}.${group}`;
  return [
    ...(metadata.name === expected
      ? []
      : [invalid('metadata.name', metadata.name, `must be spec.names.plural+"."+spec.group`)]),
    ...(group === '' ? [required('spec.group')] : misnamed('spec.group', group, dns1123Subdomain)),
    ...(names.plural === '' ? [required('spec.names.plural')] : []),
    ...(names.kind === '' ? [required('spec.names.kind')] : []),
    ...supported(spec.scope, ['Cluster', 'Namespaced'], 'spec.scope'),
    ...(spec.versions.length === 0 ? [required('spec.versions')] : []),
    ...(spec.versions.filter(({ storage }) => storage).length === 1
      ? []
      : [
          invalid(
            'spec.versions',
            spec.versions.map(({ name }) => name),
            'must have exactly one version marked as storage version',
          ),
        ]),
    ...spec.versions.flatMap((version, index) => validateVersion(version, `spec.versions[${index}]`)),
    ...(spec.conversion?.strategy === undefined || spec.conversion.strategy === 'None'
      ? []
      : [invalid('spec.conversion.strategy', spec.conversion.strategy, 'only None is served by the embedded cluster')]),
  ];
}

/** Of a field that must be given and may have been left out all the same. */
function textOf(value: string | undefined): string {
  return value ?? '';
}

function validateVersion(version: CustomResourceDefinition['spec']['versions'][number], at: string): readonly Fault[] {
  const { name, schema } = version;
  const field = `${at}.schema.openAPIV3Schema`;
  return [
    ...checkVersionPaths(version, at),
    ...misnamed(`${at}.name`, textOf(name), dns1035Label),
    ...(schema?.openAPIV3Schema === undefined
      ? [required(field, 'schemas are required')]
      : validatePatterns(schema.openAPIV3Schema, field)),
  ];
}
