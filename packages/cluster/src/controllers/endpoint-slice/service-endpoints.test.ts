import type { Pod, Service } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { calculateEndpointGroups } from './service-endpoints.ts';

function webService(spec: Partial<NonNullable<Service['spec']>> = {}): Service {
  return {
    metadata: { name: 'web', namespace: 'default', uid: 'service' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  };
}

interface Shape {
  readonly name?: string;
  readonly ip?: string | undefined;
  readonly ready?: boolean;
  readonly phase?: NonNullable<Pod['status']>['phase'];
  readonly leaving?: boolean;
  readonly namedPort?: number;
}

function webPod({ name = 'a', ip = '10.0.0.1', ready = true, phase = 'Running', leaving, namedPort }: Shape = {}): Pod {
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      ...(leaving === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      nodeName: 'node-a',
      containers: [
        { name: 'web', ...(namedPort === undefined ? {} : { ports: [{ name: 'http', containerPort: namedPort }] }) },
      ],
    },
    status: {
      phase,
      ...(ip === '' ? {} : { podIP: ip, podIPs: [{ ip }] }),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

function groupsOf(service: Service, pods: readonly Pod[]) {
  return calculateEndpointGroups({ service, pods, nodeOf: () => undefined });
}

describe('the conditions of an endpoint', () => {
  const rows = [
    { name: 'a ready pod is ready and serving', pod: {}, expected: [true, true, false] },
    { name: 'a pod that is not ready is neither', pod: { ready: false }, expected: [false, false, false] },
    {
      name: 'a ready pod that is ending serves but is not ready',
      pod: { leaving: true },
      expected: [false, true, true],
    },
    {
      name: 'publishNotReadyAddresses makes everything ready, what is ending included',
      pod: { ready: false, leaving: true },
      spec: { publishNotReadyAddresses: true },
      expected: [true, false, true],
    },
  ];
  for (const { name, pod, spec, expected } of rows) {
    it(name, () => {
      const conditions = groupsOf(webService(spec), [webPod(pod)])[0]?.endpoints[0]?.conditions;
      expect([conditions?.ready, conditions?.serving, conditions?.terminating]).toEqual(expected);
    });
  }
});

describe('which pods are endpoints', () => {
  const rows: readonly { name: string; pod: Shape; count: number }[] = [
    { name: 'a pod without an address is none', pod: { ip: '' }, count: 0 },
    { name: 'a pod that has failed is none', pod: { phase: 'Failed' }, count: 0 },
    { name: 'a pod that has succeeded is none', pod: { phase: 'Succeeded' }, count: 0 },
    { name: 'an address of the other family does not count', pod: { ip: 'fd00::1' }, count: 0 },
    { name: 'a pod that is not ready is one', pod: { ready: false }, count: 1 },
  ];
  for (const { name, pod, count } of rows) {
    it(name, () =>
      expect(groupsOf(webService(), [webPod(pod)]).flatMap(({ endpoints }) => endpoints)).toHaveLength(count),
    );
  }
});

describe('the ports of endpoints', () => {
  const named = webService({ ports: [{ name: 'http', port: 80, targetPort: 'http' }] });

  it('a named port is resolved for each pod, and pods that differ are apart', () => {
    const pods = [
      webPod({ name: 'a', ip: '10.0.0.1', namedPort: 8080 }),
      webPod({ name: 'b', ip: '10.0.0.2', namedPort: 9090 }),
    ];
    const groups = groupsOf(named, pods);
    expect(groups.map(({ ports, endpoints }) => [ports[0]?.port, endpoints[0]?.addresses[0]])).toEqual([
      [8080, '10.0.0.1'],
      [9090, '10.0.0.2'],
    ]);
  });

  it('a named port that the pod does not have is left out', () => {
    expect(groupsOf(named, [webPod()])[0]?.ports).toEqual([]);
  });

  it('without a target port the port of the Service is meant', () => {
    expect(groupsOf(webService({ ports: [{ port: 80 }] }), [webPod()])[0]?.ports).toEqual([
      { name: '', port: 80, protocol: 'TCP' },
    ]);
  });
});
