import type { PodSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { calculateHostNames, calculateResolvConf, hostnameOf } from './resolver-config.ts';

const dns = {
  nameservers: ['10.0.0.2'],
  domain: 'cluster.local',
  hostResolvConf: '# of the machine\nsearch home.org. .\nnameserver 192.0.2.1\noptions timeout:1\n',
  hostname: 'machine',
};

function podOf(spec: Partial<PodSpec>) {
  return { metadata: { name: 'web-0', namespace: 'shop' }, spec: { containers: [], ...spec } };
}

const ofCluster = 'search shop.svc.cluster.local svc.cluster.local cluster.local home.org';

describe('/etc/resolv.conf', () => {
  it.each<{ name: string; spec: Partial<PodSpec>; text: string }>([
    { name: 'asks the cluster', spec: {}, text: `${ofCluster}\nnameserver 10.0.0.2\noptions ndots:5\n` },
    {
      name: 'is that of the machine in its network, by way of the cluster',
      spec: { hostNetwork: true },
      text: 'search home.org\nnameserver 10.0.0.2\noptions timeout:1\n',
    },
    {
      name: 'is that of the machine as a default, by way of the cluster',
      spec: { dnsPolicy: 'Default' },
      text: 'search home.org\nnameserver 10.0.0.2\noptions timeout:1\n',
    },
    {
      name: 'is that of the cluster in the network of the machine, if asked for',
      spec: { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      text: `${ofCluster}\nnameserver 10.0.0.2\noptions ndots:5\n`,
    },
    {
      name: 'has what the pod adds in the lines that there are',
      spec: {
        dnsConfig: {
          nameservers: ['192.0.2.9', '10.0.0.2'],
          searches: ['own.org'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
      },
      text: `${ofCluster} own.org\nnameserver 10.0.0.2\nnameserver 192.0.2.9\noptions ndots:2 edns0\n`,
    },
    {
      name: 'has it beside what the machine has, too',
      spec: { dnsPolicy: 'Default', dnsConfig: { searches: ['own.org'] } },
      text: 'search home.org own.org\nnameserver 10.0.0.2\noptions timeout:1\n',
    },
    {
      name: 'has nothing else where the pod says so',
      spec: { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.9'] } },
      text: 'nameserver 192.0.2.9\n',
    },
  ])('$name', ({ spec, text }) => {
    expect(calculateResolvConf(podOf(spec), dns)).toBe(text);
  });

  it.each<{ name: string; spec: Partial<PodSpec>; text: string }>([
    { name: 'is that of the machine, to the letter', spec: {}, text: dns.hostResolvConf },
    {
      name: 'has what the pod adds',
      spec: { dnsConfig: { searches: ['own.org'] } },
      text: 'search home.org own.org\nnameserver 192.0.2.1\noptions timeout:1\n',
    },
  ])('$name where the cluster has no DNS', ({ spec, text }) => {
    expect(calculateResolvConf(podOf(spec), { ...dns, nameservers: [] })).toBe(text);
  });
});

describe('the names of a pod', () => {
  const whole = 'web-0.web.shop.svc.cluster.local';
  it.each<{ name: string; spec: Partial<PodSpec>; names: readonly string[]; hostname: string }>([
    { name: 'are its name', spec: {}, names: ['web-0'], hostname: 'web-0' },
    { name: 'are what it asks for', spec: { hostname: 'me' }, names: ['me'], hostname: 'me' },
    { name: 'begin with the whole one', spec: { subdomain: 'web' }, names: [whole, 'web-0'], hostname: 'web-0' },
    {
      name: 'are those of the machine on its network',
      spec: { hostNetwork: true, hostname: 'me', subdomain: 'web', setHostnameAsFQDN: true },
      names: ['machine'],
      hostname: 'machine',
    },
    {
      name: 'say the whole one everywhere, if it is asked for',
      spec: { subdomain: 'web', setHostnameAsFQDN: true },
      names: [whole, 'web-0'],
      hostname: whole,
    },
  ])('$name', ({ spec, names, hostname }) => {
    expect(calculateHostNames(podOf(spec), dns)).toEqual(names);
    expect(hostnameOf(podOf(spec), dns)).toBe(hostname);
  });
});
