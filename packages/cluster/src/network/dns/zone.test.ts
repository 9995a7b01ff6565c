import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointSlice, Service } from '@slipway/kube/api.generated';
import { recordTypes } from './message.ts';
import { resolve, type ZoneObjects } from './zone.ts';

function service(name: string, spec: Service['spec']): Service {
  return { metadata: { name, namespace: 'shop' }, spec };
}

const services = [
  service('web', {
    clusterIP: '10.9.0.7',
    ports: [
      { name: 'http', port: 80 },
      { name: 'game', port: 53, protocol: 'UDP' },
    ],
  }),
  service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }),
  service('mirror', { type: 'ExternalName', externalName: 'mirror.example.org' }),
  service('chain', { type: 'ExternalName', externalName: 'inner.shop.svc.cluster.local' }),
  service('far', { type: 'ExternalName', externalName: 'mirror.shop.svc.cluster.local' }),
  service('ring', { type: 'ExternalName', externalName: 'ring.shop.svc.cluster.local' }),
  service('inner', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
];

function endpoint(address: string, more: Partial<Endpoint> = {}): Endpoint {
  return { addresses: [address], conditions: { ready: true }, ...more };
}

const slices: EndpointSlice[] = [
  {
    metadata: { name: 'db-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    ports: [{ name: 'sql', port: 15_432 }],
    endpoints: [
      endpoint('10.8.0.2', { hostname: 'db-0' }),
      endpoint('10.8.0.3'),
      endpoint('10.8.0.4', { conditions: { ready: false } }),
    ],
  },
];

const objects: ZoneObjects = {
  service: (namespace, name) =>
    services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
  slices: (namespace, name) =>
    slices.filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name,
    ),
  hasServices: (namespace) => namespace === 'shop',
  servicesAt: (address) =>
    services.filter(
      ({ spec, metadata }) => spec?.clusterIP === address || (metadata.name === 'db' && address.startsWith('10.8.0.')),
    ),
};

/** As a person would write it down: `A 10.9.0.7`, with what comes along after a `+`. */
function ask(type: keyof typeof recordTypes, name: string): readonly string[] | string {
  const found = resolve({ name, type: recordTypes[type] }, 'cluster.local', objects);
  if (found.kind !== 'answer') return found.kind === 'alias' ? `alias of ${found.target}` : found.kind;
  const { code, answers, additional = [], authority = [] } = found.answer;
  const write = (record: (typeof answers)[number]): string =>
    record.type === 'A'
      ? `A ${record.address}`
      : record.type === 'SRV'
        ? `SRV ${record.port} ${record.target}`
        : `${record.type} ${record.type === 'SOA' ? record.server : record.target}`;
  if (code === 3) return `unknown, says ${authority.map(write).join()}`;
  return [...answers.map(write), ...additional.map((record) => `+ ${record.name} ${write(record)}`)];
}

describe('resolve', () => {
  it.each([
    ['A', 'web.shop.svc.cluster.local', ['A 10.9.0.7']],
    ['AAAA', 'web.shop.svc.cluster.local', []],
    ['ANY', 'web.shop.svc.cluster.local', ['A 10.9.0.7']],
    [
      'SRV',
      '_http._tcp.web.shop.svc.cluster.local',
      ['SRV 80 web.shop.svc.cluster.local', '+ web.shop.svc.cluster.local A 10.9.0.7'],
    ],
    [
      'SRV',
      '_game._udp.web.shop.svc.cluster.local',
      ['SRV 53 web.shop.svc.cluster.local', '+ web.shop.svc.cluster.local A 10.9.0.7'],
    ],
    ['SRV', '_http._udp.web.shop.svc.cluster.local', 'unknown, says SOA ns.dns.cluster.local'],
    ['A', 'pod.web.shop.svc.cluster.local', 'unknown, says SOA ns.dns.cluster.local'],
    ['A', 'db.shop.svc.cluster.local', ['A 10.8.0.2', 'A 10.8.0.3']],
    ['A', 'db-0.db.shop.svc.cluster.local', ['A 10.8.0.2']],
    ['A', '10-8-0-3.db.shop.svc.cluster.local', ['A 10.8.0.3']],
    ['A', '10-8-0-4.db.shop.svc.cluster.local', 'unknown, says SOA ns.dns.cluster.local'],
    [
      'SRV',
      '_sql._tcp.db.shop.svc.cluster.local',
      [
        'SRV 15432 db-0.db.shop.svc.cluster.local',
        'SRV 15432 10-8-0-3.db.shop.svc.cluster.local',
        '+ db-0.db.shop.svc.cluster.local A 10.8.0.2',
        '+ 10-8-0-3.db.shop.svc.cluster.local A 10.8.0.3',
      ],
    ],
    ['A', 'mirror.shop.svc.cluster.local', 'alias of mirror.example.org'],
    ['CNAME', 'mirror.shop.svc.cluster.local', ['CNAME mirror.example.org']],
    [
      'A',
      'chain.shop.svc.cluster.local',
      ['CNAME inner.shop.svc.cluster.local', 'CNAME web.shop.svc.cluster.local', 'A 10.9.0.7'],
    ],
    ['A', 'far.shop.svc.cluster.local', 'alias of mirror.example.org'],
    ['A', 'ring.shop.svc.cluster.local', Array.from({ length: 8 }, () => 'CNAME ring.shop.svc.cluster.local')],
    ['A', 'inner.shop.svc.cluster.local', ['CNAME web.shop.svc.cluster.local', 'A 10.9.0.7']],
    ['A', 'nobody.shop.svc.cluster.local', 'unknown, says SOA ns.dns.cluster.local'],
    ['A', 'web.elsewhere.svc.cluster.local', 'unknown, says SOA ns.dns.cluster.local'],
    ['A', 'web.svc.cluster.local', 'unknown, says SOA ns.dns.cluster.local'],
    ['A', 'shop.svc.cluster.local', []],
    ['A', 'cluster.local', []],
    ['A', '10-8-0-9.shop.pod.cluster.local', ['A 10.8.0.9']],
    ['A', '10-8-0-999.shop.pod.cluster.local', 'unknown, says SOA ns.dns.cluster.local'],
    ['PTR', '7.0.9.10.in-addr.arpa', ['PTR web.shop.svc.cluster.local']],
    ['PTR', '2.0.8.10.in-addr.arpa', ['PTR db-0.db.shop.svc.cluster.local']],
    ['PTR', '8.8.8.8.in-addr.arpa', 'elsewhere'],
    ['A', 'example.org', 'elsewhere'],
    ['A', 'notcluster.local', 'elsewhere'],
  ] as const)('%s %s', (type, name, expected) => {
    expect(ask(type, name)).toEqual(expected);
  });
});
