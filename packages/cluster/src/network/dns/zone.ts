/** What the names of a cluster stand for. https://github.com/kubernetes/dns/blob/master/docs/specification.md */
import type { Endpoint, EndpointSlice, Service } from '@slipway/kube/api.generated';
import { parseAddress } from '../ipv4.ts';
import { isReady } from '../service-table.ts';
import { recordTypes, responseCodes, type Answer, type DnsRecord } from './message.ts';

export interface ZoneObjects {
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, name: string): readonly EndpointSlice[];
  /** Those whose cluster IP, or one of whose endpoints, is the address. */
  servicesAt(address: string): readonly Service[];
  /** Whether any Service is in it. */
  hasServices(namespace: string): boolean;
}

export interface ZoneQuestion {
  readonly name: string;
  readonly type: number;
}

/** `elsewhere` is for the resolvers of the machine; `alias` is answered with `records` and the addresses of a name of elsewhere. */
export type Resolution =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'alias'; readonly records: readonly DnsRecord[]; readonly target: string }
  | { readonly kind: 'elsewhere' };

const lifeSeconds = 5;
/** A chain of aliases of this cluster could be a ring. */
const maximumAliases = 8;

export function resolve({ name, type }: ZoneQuestion, domain: string, objects: ZoneObjects): Resolution {
  const reverse = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  if (reverse !== null) return resolveAddress(name, reverse.slice(1).toReversed().join('.'), { domain, objects });
  if (name !== domain && !name.endsWith(`.${domain}`)) return { kind: 'elsewhere' };
  const labels = name === domain ? [] : name.slice(0, -domain.length - 1).split('.');
  const found = lookUp(labels, { name, domain, objects });
  if (found === undefined) return answerWith({ code: responseCodes.noSuchName, answers: [] }, domain);
  const alias = aliasIn(found);
  if (alias !== undefined && type !== recordTypes.CNAME) return followAlias([alias], { type, domain, objects });
  const answers = found.records.filter((record) => type === recordTypes.ANY || recordTypes[record.type] === type);
  const additional = type === recordTypes.SRV ? found.additional : undefined;
  return answerWith({ code: responseCodes.success, answers, additional }, domain);
}

interface Found {
  readonly records: readonly DnsRecord[];
  readonly additional?: readonly DnsRecord[] | undefined;
}

interface Place {
  readonly name: string;
  readonly domain: string;
  readonly objects: ZoneObjects;
}

/** `undefined`: there is no such name. No records: there is, or there is one below it. */
function lookUp(labels: readonly string[], place: Place): Found | undefined {
  const [kind, namespace, ...rest] = labels.toReversed();
  if (kind === undefined || (kind === 'svc' && namespace === undefined)) return { records: [] };
  if (namespace === undefined) return kind === 'pod' ? { records: [] } : undefined;
  if (kind === 'pod') return podOf(rest, place.name);
  if (kind !== 'svc') return undefined;
  const [service, ...below] = rest;
  if (service === undefined) return place.objects.hasServices(namespace) ? { records: [] } : undefined;
  const found = place.objects.service(namespace, service);
  return found === undefined ? undefined : lookUpService(found, below.toReversed(), place);
}

/** `1-2-3-4.NAMESPACE.pod` is the address that it says. */
function podOf(labels: readonly string[], name: string): Found | undefined {
  const [dashed, ...more] = labels;
  if (dashed === undefined) return { records: [] };
  const address = dashed.replaceAll('-', '.');
  return more.length > 0 || parseAddress(address) === undefined
    ? undefined
    : { records: [addressRecord(name, address)] };
}

function lookUpService(service: Service, below: readonly string[], place: Place): Found | undefined {
  const { name, objects } = place;
  const { spec } = service;
  if (spec?.type === 'ExternalName') {
    const target = (spec.externalName ?? '').replace(/\.$/, '').toLowerCase();
    return below.length > 0 ? undefined : { records: [{ name, seconds: lifeSeconds, type: 'CNAME', target }] };
  }
  const slices = objects.slices(service.metadata.namespace ?? '', service.metadata.name ?? '');
  const parts = { service, slices, isHeadless: spec?.clusterIP === 'None' };
  const [first = '', second = ''] = below;
  if (below.length === 0) return { records: addressesOf(parts).map((each) => addressRecord(name, each)) };
  if (!first.startsWith('_') && below.length === 1) return endpointNamed(first, parts, name);
  return portsOf(parts, { port: first.slice(1), protocol: second.slice(1) }, place);
}

function addressesOf({ service, slices, isHeadless }: ServiceParts): readonly string[] {
  const own = isHeadless ? [...new Set(endpointsOf(slices).map(addressOf))] : [service.spec?.clusterIP ?? ''];
  return own.filter((each) => parseAddress(each) !== undefined);
}

function endpointNamed(label: string, { slices, isHeadless }: ServiceParts, name: string): Found | undefined {
  const named = isHeadless ? endpointsOf(slices).filter((endpoint) => labelOf(endpoint) === label) : [];
  return named.length === 0 ? undefined : { records: named.map((each) => addressRecord(name, addressOf(each))) };
}

interface ServiceParts {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly isHeadless: boolean;
}

/** Of `_http._tcp.SERVICE`: where a named port is, which for a headless Service is at each of its endpoints. */
function portsOf(
  { service, slices, isHeadless }: ServiceParts,
  asked: { readonly port: string; readonly protocol: string },
  { name, domain }: Place,
): Found | undefined {
  const host = hostOf(service, domain);
  const isAsked = (port: { name?: string | undefined; protocol?: string | undefined }): boolean =>
    port.name === asked.port && (port.protocol ?? 'TCP').toLowerCase() === asked.protocol;
  const places = isHeadless
    ? slices.flatMap((slice) =>
        (slice.ports ?? []).filter(isAsked).flatMap(({ port = 0 }) =>
          endpointsOf([slice]).map((each) => ({
            port,
            target: `${labelOf(each)}.${host}`,
            address: addressOf(each),
          })),
        ),
      )
    : (service.spec?.ports ?? [])
        .filter(isAsked)
        .map(({ port }) => ({ port, target: host, address: service.spec?.clusterIP ?? '' }));
  if (places.length === 0) return undefined;
  const weight = Math.max(1, Math.floor(100 / places.length));
  return {
    records: places.map(({ port, target }) => ({
      name,
      seconds: lifeSeconds,
      type: 'SRV',
      priority: 0,
      weight,
      port,
      target,
    })),
    additional: places.map(({ target, address }) => addressRecord(target, address)),
  };
}

function resolveAddress(
  name: string,
  address: string,
  { domain, objects }: { readonly domain: string; readonly objects: ZoneObjects },
): Resolution {
  const targets = objects.servicesAt(address).flatMap((service) => {
    const host = hostOf(service, domain);
    if (service.spec?.clusterIP === address) return [host];
    const endpoints = endpointsOf(objects.slices(service.metadata.namespace ?? '', service.metadata.name ?? ''));
    const own = endpoints.find((endpoint) => addressOf(endpoint) === address);
    return service.spec?.clusterIP === 'None' && own?.hostname !== undefined ? [`${own.hostname}.${host}`] : [];
  });
  if (targets.length === 0) return { kind: 'elsewhere' };
  const answers = targets.map((target) => ({ name, seconds: lifeSeconds, type: 'PTR' as const, target }));
  return answerWith({ code: responseCodes.success, answers }, domain);
}

type Alias = DnsRecord & { readonly type: 'CNAME' };

function aliasIn(found: Found | undefined): Alias | undefined {
  return found?.records.find((record): record is Alias => record.type === 'CNAME');
}

/** `records`: how it came here, at least one. Names of the cluster are answered with what they stand for, at once. */
function followAlias(
  records: readonly [...Alias[], Alias],
  place: { readonly type: number; readonly domain: string; readonly objects: ZoneObjects },
): Resolution {
  const { type, domain, objects } = place;
  const { target } = records.at(-1) ?? records[0];
  if (!target.endsWith(`.${domain}`)) return { kind: 'alias', records, target };
  const labels = target.slice(0, -domain.length - 1).split('.');
  const found = lookUp(labels, { name: target, domain, objects });
  const next = aliasIn(found);
  if (next !== undefined && records.length < maximumAliases) return followAlias([...records, next], place);
  const answers = [...records, ...(found?.records ?? []).filter((each) => recordTypes[each.type] === type)];
  return answerWith({ code: responseCodes.success, answers }, domain);
}

/** An answer without records says how long that may be believed. */
function answerWith(answer: Answer, domain: string): Resolution {
  if (answer.answers.length > 0) return { kind: 'answer', answer };
  const server = `ns.dns.${domain}`;
  const contact = `hostmaster.${domain}`;
  const authority = {
    name: domain,
    seconds: lifeSeconds,
    type: 'SOA',
    server,
    contact,
    minimumSeconds: lifeSeconds,
  } as const;
  return { kind: 'answer', answer: { ...answer, authority: [authority] } };
}

function endpointsOf(slices: readonly EndpointSlice[]): readonly Endpoint[] {
  return slices
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap(({ endpoints }) => endpoints.filter(isReady));
}

function addressOf({ addresses }: Endpoint): string {
  return addresses[0] ?? '';
}

/** The pod's hostname if it is in the subdomain, else a name that is made of its address. */
function labelOf(endpoint: Endpoint): string {
  return endpoint.hostname ?? addressOf(endpoint).replaceAll('.', '-');
}

function hostOf({ metadata }: Service, domain: string): string {
  return `${metadata.name ?? ''}.${metadata.namespace ?? ''}.svc.${domain}`;
}

function addressRecord(name: string, address: string): DnsRecord {
  return { name, seconds: lifeSeconds, type: 'A', address };
}
