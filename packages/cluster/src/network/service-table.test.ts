import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointSlice, Service } from '@slipway/kube/api.generated';
import { calculateServiceTable } from './service-table.ts';

function service(name: string, spec: Service['spec'], namespace = 'default'): Service {
  return { metadata: { name, namespace }, spec };
}

function slice(name: string, endpoints: readonly Endpoint[], ports = [{ name: 'http', port: 8080 }]): EndpointSlice {
  return {
    metadata: { name: `${name}-x`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports,
    endpoints: [...endpoints],
  };
}

function endpoint(address: string, conditions: Endpoint['conditions'] = { ready: true }): Endpoint {
  return { addresses: [address], conditions };
}

function calculate(services: readonly Service[], slices: readonly EndpointSlice[]) {
  const table = calculateServiceTable({ services, slices, nodeAddresses: ['10.1.0.1'], apiSocket: '/run/api.sock' });
  return Object.fromEntries(
    [...table].map(([key, { targets }]) => [
      key,
      targets.map((target) => (target.kind === 'tcp' ? `${target.address}:${target.port}` : target.path)),
    ]),
  );
}

const web = service('web', { clusterIP: '10.9.0.1', ports: [{ name: 'http', port: 80 }] });
const ending = { ready: false, serving: true, terminating: true };

describe('calculateServiceTable', () => {
  it.each([
    {
      name: 'leads to ready endpoints of every slice',
      slices: [
        slice('web', [endpoint('10.1.0.2')]),
        slice('web', [endpoint('10.1.0.3'), endpoint('10.1.0.4', { ready: false })]),
      ],
      expected: { '10.9.0.1:80': ['10.1.0.2:8080', '10.1.0.3:8080'] },
    },
    {
      name: 'takes an absent condition for ready',
      slices: [slice('web', [{ addresses: ['10.1.0.2'] }])],
      expected: { '10.9.0.1:80': ['10.1.0.2:8080'] },
    },
    {
      name: 'leads to ending endpoints only when nothing else serves',
      slices: [slice('web', [endpoint('10.1.0.2', ending)])],
      expected: { '10.9.0.1:80': ['10.1.0.2:8080'] },
    },
    {
      name: 'leaves ending endpoints out otherwise',
      slices: [slice('web', [endpoint('10.1.0.2', ending), endpoint('10.1.0.3')])],
      expected: { '10.9.0.1:80': ['10.1.0.3:8080'] },
    },
    { name: 'does not listen when nobody answers', slices: [slice('web', [])], expected: {} },
    {
      name: 'matches ports by name',
      slices: [slice('web', [endpoint('10.1.0.2')], [{ name: 'metrics', port: 9090 }])],
      expected: {},
    },
    { name: 'ignores slices of other services', slices: [slice('other', [endpoint('10.1.0.2')])], expected: {} },
  ])('$name', ({ slices, expected }) => expect(calculate([web], slices)).toEqual(expected));

  it('opens node ports on the node', () => {
    const open = service('web', {
      clusterIP: '10.9.0.1',
      type: 'NodePort',
      ports: [{ name: 'http', port: 80, nodePort: 30_080 }],
    });
    expect(calculate([open], [slice('web', [endpoint('10.1.0.2')])])).toEqual({
      '10.9.0.1:80': ['10.1.0.2:8080'],
      '10.1.0.1:30080': ['10.1.0.2:8080'],
    });
  });

  it('leaves headless services to DNS, and SCTP out', () => {
    const headless = service('web', { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] });
    const sctp = service('web', { clusterIP: '10.9.0.2', ports: [{ name: 'http', port: 53, protocol: 'SCTP' }] });
    expect(calculate([headless, sctp], [slice('web', [endpoint('10.1.0.2')])])).toEqual({});
  });

  it('listens for UDP beside TCP on the same port', () => {
    const both = service('web', {
      clusterIP: '10.9.0.2',
      ports: [
        { name: 'http', port: 53 },
        { name: 'game', port: 53, protocol: 'UDP' },
      ],
    });
    const ports = [
      { name: 'http', port: 8080 },
      { name: 'game', port: 7777 },
    ];
    expect(calculate([both], [slice('web', [endpoint('10.1.0.2')], ports)])).toEqual({
      '10.9.0.2:53': ['10.1.0.2:8080'],
      '10.9.0.2:53/udp': ['10.1.0.2:7777'],
    });
  });

  it.each([
    { name: 'three hours unless the service says otherwise', config: {}, expected: 10_800 },
    { name: 'as long as it says', config: { clientIP: { timeoutSeconds: 60 } }, expected: 60 },
  ])('keeps clients where they were, $name', ({ config, expected }) => {
    const sticky = { ...web.spec, sessionAffinity: 'ClientIP' as const, sessionAffinityConfig: config };
    const input = { nodeAddresses: [], apiSocket: '', slices: [slice('web', [endpoint('10.1.0.2')])] };
    const table = calculateServiceTable({ ...input, services: [service('web', sticky)] });
    expect([...table.values()].map(({ affinitySeconds }) => affinitySeconds)).toEqual([expected]);
  });

  it('leads the service kubernetes to the API server, whatever its endpoints say', () => {
    const api = service('kubernetes', { clusterIP: '10.9.0.1', ports: [{ name: 'https', port: 443 }] });
    expect(calculate([api], [])).toEqual({ '10.9.0.1:443': ['/run/api.sock'] });
    const imitation = service('kubernetes', { clusterIP: '10.9.0.3', ports: [{ port: 443 }] }, 'other');
    expect(calculate([imitation], [])).toEqual({});
  });
});
