/** What Kubernetes asks of an Ingress beyond the shape of its fields. https://kubernetes.io/docs/concepts/services-networking/ingress/ */
import { isIP } from 'node:net';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressTLS } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { invalid, misnamed, required } from '../faults.ts';
import { dns1035Label, dns1123Subdomain, type NameRule } from '../names.ts';
import { supported } from './pod-template.ts';
import { portName, portNumber } from './port-rules.ts';

export function validateIngress({ spec = {} }: Ingress): readonly Fault[] {
  const { defaultBackend, rules = [], tls = [], ingressClassName } = spec;
  if (defaultBackend === undefined && rules.length === 0)
    return [invalid('spec', {}, 'either `defaultBackend` or `rules` must be specified')];
  return [
    ...(defaultBackend === undefined ? [] : checkBackend(defaultBackend, 'spec.defaultBackend')),
    ...rules.flatMap(({ host = '', http }, index) => {
      const at = `spec.rules[${index}]`;
      return [
        ...checkHost(host, `${at}.host`),
        ...(http === undefined ? [] : checkPaths(http.paths ?? [], `${at}.http.paths`)),
      ];
    }),
    ...tls.flatMap((each, index) => checkTls(each, `spec.tls[${index}]`)),
    ...(ingressClassName === undefined ? [] : misnamed('spec.ingressClassName', ingressClassName, dns1123Subdomain)),
  ];
}

/** A name, or one with a star in place of its first label; requests to an address carry no name that could be meant. */
function checkHost(host: string, field: string): readonly Fault[] {
  if (host === '') return [];
  if (isIP(host) > 0) return [invalid(field, host, 'must be a DNS name, not an IP address')];
  return misnamed(field, host, possiblyWild);
}

const possiblyWild: NameRule = (host) => dns1123Subdomain(host.startsWith('*.') ? host.slice(2) : host);

function checkTls({ hosts = [], secretName = '' }: IngressTLS, path: string): readonly Fault[] {
  return [
    ...hosts.flatMap((host, index) => misnamed(`${path}.hosts[${index}]`, host, possiblyWild)),
    ...(secretName === '' ? [] : misnamed(`${path}.secretName`, secretName, dns1123Subdomain)),
  ];
}

function checkPaths(paths: readonly HTTPIngressPath[], field: string): readonly Fault[] {
  if (paths.length === 0) return [required(field)];
  return paths.flatMap((path, index) => checkPath(path, `${field}[${index}]`));
}

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

function checkPath({ path = '', pathType, backend }: Partial<HTTPIngressPath>, at: string): readonly Fault[] {
  if (pathType === undefined) return [required(`${at}.pathType`, 'pathType must be specified')];
  const type = supported(pathType, pathTypes, `${at}.pathType`);
  return [
    ...(type.length > 0 ? type : checkPathText(path, pathType, `${at}.path`)),
    ...checkBackend(backend ?? {}, `${at}.backend`),
  ];
}

/** By these a path could mean another one than it says. */
const forbiddenParts = ['//', '/./', '/../', '%2f', '%2F'];
const forbiddenEnds = ['/..', '/.'];

function checkPathText(path: string, pathType: string, field: string): readonly Fault[] {
  const isOwn = pathType === 'ImplementationSpecific';
  const absolute = path.startsWith('/') || (isOwn && path === '') ? [] : ['must be an absolute path'];
  const parts = forbiddenParts.filter((part) => path.includes(part)).map((part) => `must not contain '${part}'`);
  const ends = forbiddenEnds.filter((end) => path.endsWith(end)).map((end) => `cannot end with '${end}'`);
  return [...absolute, ...(isOwn ? [] : [...parts, ...ends])].map((fault) => invalid(field, path, fault));
}

function checkBackend({ service, resource }: IngressBackend, path: string): readonly Fault[] {
  if (service !== undefined && resource !== undefined)
    return [invalid(path, '', 'cannot set both resource and service backends')];
  if (service !== undefined) return checkService(service, path);
  if (resource === undefined) return [invalid(path, '', 'resource or service backend is required')];
  return (['kind', 'name'] as const).flatMap((field) =>
    (resource[field] ?? '') === '' ? [required(`${path}.resource.${field}`, `${field} is required`)] : [],
  );
}

function checkService(
  { name = '', port = {} }: Partial<NonNullable<IngressBackend['service']>>,
  path: string,
): readonly Fault[] {
  const at = `${path}.service`;
  return [
    ...(name === '' ? [required(`${at}.name`)] : misnamed(`${at}.name`, name, dns1035Label)),
    ...checkPort(port, path),
  ];
}

function checkPort(
  { name = '', number = 0 }: { readonly name?: string | undefined; readonly number?: number | undefined },
  path: string,
): readonly Fault[] {
  if (name !== '' && number !== 0) return [invalid(path, '', 'cannot set both port name & port number')];
  if (name !== '') return portName(name, `${path}.service.port.name`);
  if (number !== 0) return portNumber(number, `${path}.service.port.number`);
  return [required(path, 'port name or number is required')];
}
