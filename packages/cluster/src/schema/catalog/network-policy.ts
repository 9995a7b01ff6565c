import { isIP } from 'node:net';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '@slipway/kube/api.generated';
import { networkPolicies } from '@slipway/kube/resources';
import { formatLabelSelector } from '@slipway/kube/selector';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { forbidden, invalid, notSupported, required } from '../faults.ts';
import { goStrings } from '../go-text.ts';
import { dns1123Subdomain } from '../names.ts';
import { supported } from './pod-template.ts';
import { portName, portNumber } from './port-rules.ts';
import { checkLabelSelector } from './selector-rules.ts';

export const networkPolicy = define<NetworkPolicy>({
  type: networkPolicies,
  schemaType: 'io.k8s.api.networking.v1.NetworkPolicy',
  shortNames: ['netpol'],
  nameRule: dns1123Subdomain,
  columns: [{ name: 'Pod-Selector', cell: ({ spec }) => formatLabelSelector(spec?.podSelector ?? {}) || '<none>' }],
  defaults: defaultPolicy,
  validate: ({ spec }) => (spec === undefined ? [] : validateSpec(spec)),
});

function defaultPolicy(object: NetworkPolicy): NetworkPolicy {
  const { spec } = object;
  if (spec === undefined) return object;
  const { ingress, egress, policyTypes = [] } = spec;
  const types = (egress ?? []).length > 0 ? (['Ingress', 'Egress'] as const) : (['Ingress'] as const);
  return {
    ...object,
    spec: {
      ...spec,
      policyTypes: policyTypes.length === 0 ? types : policyTypes,
      ...(ingress === undefined ? {} : { ingress: ingress.map(defaultPorts) }),
      ...(egress === undefined ? {} : { egress: egress.map(defaultPorts) }),
    },
  };
}

function defaultPorts<T extends { readonly ports?: readonly NetworkPolicyPort[] | undefined }>(rule: T): T {
  return rule.ports === undefined ? rule : { ...rule, ports: rule.ports.map((port) => ({ protocol: 'TCP', ...port })) };
}

function validateSpec({ podSelector, ingress = [], egress = [], policyTypes = [] }: NetworkPolicySpec) {
  return [
    ...checkLabelSelector(podSelector, 'spec.podSelector'),
    ...ingress.flatMap(({ ports, from }, index) => [
      ...validatePorts(ports ?? [], `spec.ingress[${index}].ports`),
      ...validatePeers(from ?? [], `spec.ingress[${index}].from`),
    ]),
    ...egress.flatMap(({ ports, to }, index) => [
      ...validatePorts(ports ?? [], `spec.egress[${index}].ports`),
      ...validatePeers(to ?? [], `spec.egress[${index}].to`),
    ]),
    ...validateTypes(policyTypes),
  ];
}

function validateTypes(policyTypes: readonly string[]): readonly Fault[] {
  if (policyTypes.length > 2)
    return [invalid('spec.policyTypes', goStrings(policyTypes), 'may not specify more than two policyTypes')];
  const known = ['Egress', 'Ingress'];
  return policyTypes.flatMap((type, index) =>
    known.includes(type) ? [] : [notSupported(`spec.policyTypes[${index}]`, type, known)],
  );
}

function validatePorts(ports: readonly NetworkPolicyPort[], path: string): readonly Fault[] {
  return ports.flatMap(({ protocol, port, endPort }, index) => {
    const at = `${path}[${index}]`;
    return [
      ...supported(protocol, ['SCTP', 'TCP', 'UDP'], `${at}.protocol`),
      ...(typeof port === 'number' ? portNumber(port, `${at}.port`) : []),
      ...(typeof port === 'string' ? portName(port, `${at}.port`) : []),
      ...(endPort === undefined ? [] : validateEndPort(port, endPort, `${at}.endPort`)),
    ];
  });
}

function validateEndPort(port: string | number | undefined, endPort: number, field: string): readonly Fault[] {
  if (port === undefined) return [invalid(field, endPort, 'may not be specified when `port` is not specified')];
  if (typeof port === 'string') return [invalid(field, endPort, 'may not be specified when `port` is non-numeric')];
  return endPort < port
    ? [invalid(field, endPort, 'must be greater than or equal to `port`')]
    : portNumber(endPort, field);
}

function validatePeers(peers: readonly NetworkPolicyPeer[], path: string): readonly Fault[] {
  return peers.flatMap(({ podSelector, namespaceSelector, ipBlock }, index) => {
    const at = `${path}[${index}]`;
    const isSelecting = podSelector !== undefined || namespaceSelector !== undefined;
    if (!isSelecting && ipBlock === undefined) return [required(at, 'must specify a peer')];
    return [
      ...checkLabelSelector(podSelector, `${at}.podSelector`),
      ...checkLabelSelector(namespaceSelector, `${at}.namespaceSelector`),
      ...(ipBlock === undefined ? [] : validateBlock(ipBlock, `${at}.ipBlock`)),
      ...(ipBlock !== undefined && isSelecting ? [forbidden(at, 'may not specify both ipBlock and another peer')] : []),
    ];
  });
}

function validateBlock({ cidr = '', except = [] }: Partial<IPBlock>, path: string): readonly Fault[] {
  if (cidr === '') return [required(`${path}.cidr`)];
  return [
    ...validateCidr(cidr, `${path}.cidr`),
    ...except.flatMap((each, index) => validateCidr(each, `${path}.except[${index}]`)),
  ];
}

function validateCidr(text: string, field: string): readonly Fault[] {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  const isCidr = version > 0 && Number(bits) <= (version === 4 ? 32 : 128);
  return isCidr ? [] : [invalid(field, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
}
