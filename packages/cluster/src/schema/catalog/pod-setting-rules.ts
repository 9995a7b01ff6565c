/** What Kubernetes asks of what a pod says about names and where it asks for them. */
import { isIP } from 'node:net';
import type { PodReadinessGate, PodSchedulingGate, PodSpec } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { duplicate, invalid, misnamed, required } from '../faults.ts';
import { goStrings } from '../go-text.ts';
import { dns1123Subdomain, qualifiedKey } from '../names.ts';

const anyAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

export function checkSettings(spec: PodSpec, path: string): readonly Fault[] {
  const { hostAliases = [], readinessGates = [], schedulingGates = [] } = spec;
  // Whoever leaves a name out has an empty one.
  const gates = schedulingGates.map(({ name }: Partial<PodSchedulingGate>) => name ?? '');
  const conditions = readinessGates.map(({ conditionType }: Partial<PodReadinessGate>) => conditionType ?? '');
  return [
    ...hostAliases.flatMap(({ ip, hostnames = [] }, index) => [
      ...checkAddress(ip, `${path}.hostAliases[${index}].ip`),
      ...hostnames.flatMap((name, place) =>
        dns1123Subdomain(name).map((fault) =>
          invalid(`${path}.hostAliases[${index}].hostnames[${place}]`, name, fault),
        ),
      ),
    ]),
    ...checkResolving(spec, `${path}.dnsConfig`),
    ...conditions.flatMap((condition, index) =>
      qualifiedKey(condition).map((fault) =>
        invalid(`${path}.readinessGates[${index}].conditionType`, condition, fault),
      ),
    ),
    ...gates.flatMap((name, index) => [
      ...misnamed(`${path}.schedulingGates[${index}]`, name, qualifiedKey),
      ...(gates.indexOf(name) < index ? [duplicate(`${path}.schedulingGates[${index}]`, name)] : []),
    ]),
  ];
}

function checkAddress(address: string | undefined, field: string): readonly Fault[] {
  return isIP(address ?? '') > 0 ? [] : [invalid(field, address ?? '', anyAddress)];
}

const maximumServers = 3;
const maximumSearches = 32;
const maximumSearchLength = 2_048;

function checkResolving({ dnsPolicy, dnsConfig }: PodSpec, path: string): readonly Fault[] {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  return [
    ...(dnsPolicy === 'None' ? checkOwnServers(dnsConfig, path) : []),
    ...(nameservers.length > maximumServers
      ? [
          invalid(
            `${path}.nameservers`,
            goStrings(nameservers),
            `must not have more than ${maximumServers} nameservers`,
          ),
        ]
      : []),
    ...nameservers.flatMap((address, index) => checkAddress(address, `${path}.nameservers[${index}]`)),
    ...checkSearches(searches, `${path}.searches`),
    ...options.flatMap(({ name }, index) =>
      name === undefined || name === '' ? [required(`${path}.options[${index}]`, 'must not be empty')] : [],
    ),
  ];
}

function checkOwnServers(config: PodSpec['dnsConfig'], path: string): readonly Fault[] {
  if (config === undefined) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  return (config.nameservers ?? []).length > 0
    ? []
    : [required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
}

function checkSearches(searches: readonly string[], path: string): readonly Fault[] {
  const length = searches.join(' ').length;
  return [
    ...(searches.length > maximumSearches
      ? [invalid(path, goStrings(searches), `must not have more than ${maximumSearches} search paths`)]
      : []),
    ...(length > maximumSearchLength
      ? [
          invalid(
            path,
            goStrings(searches),
            `must not have more than ${maximumSearchLength} characters (including spaces) in the search list`,
          ),
        ]
      : []),
    ...searches.flatMap((search, index) =>
      dns1123Subdomain(search.replace(/\.$/, '')).map((fault) => invalid(`${path}[${index}]`, search, fault)),
    ),
  ];
}
