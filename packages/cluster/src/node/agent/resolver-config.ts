/** The pod's /etc/resolv.conf and the lines that it adds to /etc/hosts. https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
import type { Pod, PodDNSConfig } from '@slipway/kube/api.generated';

export interface ClusterDns {
  /** Addresses of the cluster's DNS, which asks the machine's resolvers for all other names; empty if there is none. */
  readonly nameservers: readonly string[];
  /** Such as `cluster.local`. */
  readonly domain: string;
  /** The machine's /etc/resolv.conf. */
  readonly hostResolvConf: string;
  /** The machine's, which pods on its network have. */
  readonly hostname: string;
}

export type ClusterNames = Pick<ClusterDns, 'domain' | 'hostname'>;

interface Resolver {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  /** Such as `ndots:5`. */
  readonly options: readonly string[];
}

export function calculateResolvConf(pod: Pod, dns: ClusterDns): string {
  const { dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig } = pod.spec ?? {};
  if (dnsPolicy === 'None') return formatResolver(joined(nobody, dnsConfig ?? {}));
  const machine = parseResolver(dns.hostResolvConf);
  // Without a DNS of the cluster pods are on the network of the machine and ask as it does.
  if (dns.nameservers.length === 0) {
    return dnsConfig === undefined ? dns.hostResolvConf : formatResolver(joined(machine, dnsConfig));
  }
  const ofCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && hostNetwork !== true);
  const base = ofCluster ? resolverOfCluster(pod, dns, machine) : machine;
  // From where pods are no way leads to the machine's resolvers.
  return formatResolver(joined({ ...base, nameservers: dns.nameservers }, dnsConfig ?? {}));
}

const nobody: Resolver = { nameservers: [], searches: [], options: [] };

/** The machine's searches come after those of the cluster, and its options not at all. */
function resolverOfCluster(pod: Pod, { domain, nameservers }: ClusterDns, machine: Resolver): Resolver {
  const searches = [`${pod.metadata.namespace ?? 'default'}.svc.${domain}`, `svc.${domain}`, domain];
  return { nameservers, searches: [...searches, ...machine.searches], options: ['ndots:5'] };
}

function parseResolver(text: string): Resolver {
  const wordsOf = (keyword: string): readonly (readonly string[])[] =>
    text
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([first]) => first === keyword)
      .map(([, ...words]) => words);
  return {
    nameservers: wordsOf('nameserver').flat(),
    searches: (wordsOf('search').at(-1) ?? []).map((each) => each.replace(/\.$/, '')).filter((each) => each !== ''),
    options: wordsOf('options').flat(),
  };
}

/** One line of each: of several `search` lines a program reads the last one alone. An option said again replaces the first. */
function joined(base: Resolver, { nameservers = [], searches = [], options = [] }: PodDNSConfig): Resolver {
  const own = options.map(({ name = '', value }) => [name, value === undefined ? name : `${name}:${value}`] as const);
  const all = [...base.options.map((option) => [option.split(':')[0] ?? '', option] as const), ...own];
  return {
    nameservers: [...new Set([...base.nameservers, ...nameservers])],
    searches: [...new Set([...base.searches, ...searches])],
    options: [...new Map(all).values()],
  };
}

function formatResolver({ nameservers, searches, options }: Resolver): string {
  return [
    ...(searches.length === 0 ? [] : [`search ${searches.join(' ')}`]),
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}`]),
    '',
  ].join('\n');
}

export function calculateHostLines(pod: Pod): readonly string[] {
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length === 0) return [];
  return ['# Entries added by HostAliases.', ...aliases.map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t'))];
}

/** Its own name, or with `setHostnameAsFQDN` the whole one; on the network of the machine that of the machine. */
export function hostnameOf(pod: Pod, names: ClusterNames): string {
  const [first = '', short = first] = calculateHostNames(pod, names);
  return pod.spec?.setHostnameAsFQDN === true ? first : short;
}

/** How a pod finds itself in its /etc/hosts: one with a subdomain by its whole name first, which `hostname -f` asks for. */
export function calculateHostNames(pod: Pod, { domain, hostname }: ClusterNames): readonly string[] {
  const { subdomain = '', hostNetwork } = pod.spec ?? {};
  if (hostNetwork === true) return [hostname];
  const name = shortNameOf(pod);
  return subdomain === ''
    ? [name]
    : [`${name}.${subdomain}.${pod.metadata.namespace ?? 'default'}.svc.${domain}`, name];
}

function shortNameOf(pod: Pod): string {
  return (pod.spec?.hostname ?? pod.metadata.name ?? '').slice(0, 63).replace(/[-.]+$/, '');
}
