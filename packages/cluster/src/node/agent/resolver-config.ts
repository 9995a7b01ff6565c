/** The pod's /etc/resolv.conf and the lines that it adds to /etc/hosts. https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
import type { Pod, PodDNSConfig } from '@slipway/kube/api.generated';

export interface ClusterDns {
  /** Addresses of the cluster's DNS; empty if there is none. */
  readonly nameservers: readonly string[];
  /** Such as `cluster.local`. */
  readonly domain: string;
  /** The machine's /etc/resolv.conf. */
  readonly hostResolvConf: string;
}

export function calculateResolvConf(pod: Pod, dns: ClusterDns): string {
  const base = baseLines(pod, dns);
  const added = addedLines(pod.spec?.dnsConfig ?? {});
  return added.length === 0 ? base : `${[base.trimEnd(), ...added].filter((line) => line !== '').join('\n')}\n`;
}

function baseLines(pod: Pod, dns: ClusterDns): string {
  const { dnsPolicy = 'ClusterFirst', hostNetwork } = pod.spec ?? {};
  if (dnsPolicy === 'None') return '';
  const ofCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && hostNetwork !== true);
  return ofCluster && dns.nameservers.length > 0 ? clusterLines(pod, dns) : dns.hostResolvConf;
}

function addedLines({ nameservers = [], searches, options = [] }: PodDNSConfig): readonly string[] {
  const words = options.map(({ name = '', value }) => (value === undefined ? name : `${name}:${value}`));
  return [
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(searches === undefined ? [] : [`search ${searches.join(' ')}`]),
    ...(words.length === 0 ? [] : [`options ${words.join(' ')}`]),
  ];
}

function clusterLines(pod: Pod, dns: ClusterDns): string {
  const { domain } = dns;
  const search = [`${pod.metadata.namespace ?? 'default'}.svc.${domain}`, `svc.${domain}`, domain];
  return [
    `search ${search.join(' ')}`,
    ...dns.nameservers.map((address) => `nameserver ${address}`),
    'options ndots:5',
    '',
  ].join('\n');
}

export function calculateHostLines(pod: Pod): readonly string[] {
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length === 0) return [];
  return ['# Entries added by HostAliases.', ...aliases.map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t'))];
}

export function hostnameOf(pod: Pod): string {
  return (pod.spec?.hostname ?? pod.metadata.name ?? '').slice(0, 63).replace(/[-.]+$/, '');
}
