/** The pod's /etc/resolv.conf and the lines that it adds to /etc/hosts. https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
import type { Pod } from '@slipway/kube/api.generated';

export interface ClusterDns {
  /** Addresses of the cluster's DNS; empty if there is none. */
  readonly nameservers: readonly string[];
  /** Such as `cluster.local`. */
  readonly domain: string;
  /** The machine's /etc/resolv.conf. */
  readonly hostResolvConf: string;
}

export function calculateResolvConf(pod: Pod, dns: ClusterDns): string {
  const { dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig } = pod.spec ?? {};
  const ofCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && hostNetwork !== true);
  const base =
    dnsPolicy === 'None' ? '' : ofCluster && dns.nameservers.length > 0 ? clusterLines(pod, dns) : dns.hostResolvConf;
  const options = (dnsConfig?.options ?? []).map(({ name, value }) =>
    value === undefined ? (name ?? '') : `${name}:${value}`,
  );
  const added = [
    ...(dnsConfig?.nameservers ?? []).map((address) => `nameserver ${address}`),
    ...(dnsConfig?.searches === undefined ? [] : [`search ${dnsConfig.searches.join(' ')}`]),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}`]),
  ];
  return added.length === 0 ? base : `${[base.trimEnd(), ...added].filter((line) => line !== '').join('\n')}\n`;
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
