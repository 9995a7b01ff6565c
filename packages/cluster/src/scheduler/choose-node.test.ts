import type { Node, Pod } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { chooseNode, type Decision } from './choose-node.ts';
import { NodeInfo } from './node-info.ts';
import { calculateDemand } from './pod-demand.ts';

type NodeSpec = NonNullable<Node['spec']>;
type PodSpec = NonNullable<Pod['spec']>;

interface NodeShape {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: NodeSpec;
  readonly cpu?: string;
  readonly pods?: number;
  readonly ready?: 'True' | 'False' | 'Unknown';
  readonly running?: readonly Pod[];
}

function node({ name = 'a', labels, spec, cpu = '2', pods = 110, ready = 'True', running = [] }: NodeShape): NodeInfo {
  const info = new NodeInfo(name);
  const allocatable = { cpu, memory: '4Gi', pods };
  info.setNode({
    metadata: { name, labels },
    spec,
    status: { allocatable, conditions: [{ type: 'Ready', status: ready }] },
  });
  for (const each of running) info.addPod(calculateDemand(each));
  return info;
}

let uid = 0;

function pod(spec: Partial<PodSpec> = {}, owner?: string): Pod {
  const ownerReferences =
    owner === undefined
      ? undefined
      : [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }];
  uid += 1;
  return {
    metadata: { name: 'p', namespace: 'default', uid: `pod-${uid}`, ownerReferences },
    spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec },
  };
}

function requesting(cpu: string): Partial<PodSpec> {
  return { containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu } } }] };
}

function onPort(hostPort: number, hostIP?: string): Partial<PodSpec> {
  return { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80, hostPort, hostIP }] }] };
}

function choose(asked: Pod, nodes: readonly NodeInfo[]): Decision {
  return chooseNode({ pod: asked, demand: calculateDemand(asked), nodes, startAt: 0, random: 0 });
}

const affinityTo = (key: string, operator: 'In' | 'NotIn' | 'Gt' | 'Exists', values?: readonly string[]): PodSpec => ({
  ...requesting('1m'),
  containers: [{ name: 'web', image: 'web:1' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] }],
      },
    },
  },
});

describe('a node that cannot take the pod says why', () => {
  const helpless = 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
  const hopeful = 'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.';
  it.each([
    {
      name: 'cordoned',
      node: node({ spec: { unschedulable: true } }),
      pod: pod(),
      message: `0/1 nodes are available: 1 node(s) were unschedulable. ${helpless}`,
    },
    {
      name: 'tainted',
      node: node({ spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } }),
      pod: pod(),
      message: `0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}. ${helpless}`,
    },
    {
      name: 'not ready',
      node: node({ ready: 'False' }),
      pod: pod(),
      message: `0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. ${helpless}`,
    },
    {
      name: 'without the label of the node selector',
      node: node({ labels: { disk: 'hdd' } }),
      pod: pod({ nodeSelector: { disk: 'ssd' } }),
      message: `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${helpless}`,
    },
    {
      name: 'outside the required affinity',
      node: node({ labels: { size: '3' } }),
      pod: pod(affinityTo('size', 'Gt', ['3'])),
      message: `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${helpless}`,
    },
    {
      name: 'whose port is taken on all addresses',
      node: node({ running: [pod(onPort(8080))] }),
      pod: pod(onPort(8080, '127.0.0.1')),
      message: `0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. ${hopeful}`,
    },
    {
      name: 'full of requests',
      node: node({ running: [pod(requesting('1500m'))] }),
      pod: pod(requesting('600m')),
      message: `0/1 nodes are available: 1 Insufficient cpu. ${hopeful}`,
    },
    {
      name: 'smaller than the request',
      node: node({}),
      pod: pod(requesting('3')),
      message: `0/1 nodes are available: 1 Insufficient cpu. ${helpless}`,
    },
    {
      name: 'with all its pods',
      node: node({ pods: 1, running: [pod()] }),
      pod: pod(),
      message: `0/1 nodes are available: 1 Too many pods. ${hopeful}`,
    },
  ])('$name', ({ node: info, pod: asked, message }) => {
    expect(choose(asked, [info])).toEqual({ kind: 'unschedulable', message });
  });
});

describe('a node is chosen', () => {
  it.each([
    {
      name: 'despite a taint that is tolerated',
      pod: pod({ tolerations: [{ key: 'gpu', operator: 'Exists' }] }),
      nodes: [node({ spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } })],
      chosen: 'a',
    },
    {
      name: 'with the labels that are required',
      pod: pod(affinityTo('zone', 'In', ['b', 'c'])),
      nodes: [node({ name: 'a', labels: { zone: 'a' } }), node({ name: 'b', labels: { zone: 'b' } })],
      chosen: 'b',
    },
    {
      name: 'where most is free',
      pod: pod(requesting('100m')),
      nodes: [node({ name: 'busy', running: [pod(requesting('1'))] }), node({ name: 'idle' })],
      chosen: 'idle',
    },
    {
      name: 'where fewer pods of the same owner run, even if less is free',
      pod: pod(requesting('100m'), 'rs'),
      nodes: [
        node({ name: 'with-twin', running: [pod(requesting('100m'), 'rs')] }),
        node({ name: 'without', running: [pod(requesting('500m'), 'other')] }),
      ],
      chosen: 'without',
    },
    {
      name: 'without a taint that would rather not have the pod',
      pod: pod(),
      nodes: [
        node({ name: 'tainted', spec: { taints: [{ key: 'spot', effect: 'PreferNoSchedule' }] } }),
        node({ name: 'plain', running: [pod(requesting('1'))] }),
      ],
      chosen: 'plain',
    },
    {
      name: 'for a port that is taken on another address only',
      pod: pod(onPort(8080, '127.0.0.1')),
      nodes: [node({ running: [pod(onPort(8080, '127.0.0.2'))] })],
      chosen: 'a',
    },
  ])('$name', ({ pod: asked, nodes, chosen }) => {
    expect(choose(asked, nodes)).toMatchObject({ kind: 'bind', nodeName: chosen });
  });
});

describe('the demand of a pod', () => {
  it('is what its hungriest phase needs, with the sidecars that run beside it', () => {
    const container = (cpu: string) => ({ name: 'c', image: 'i', resources: { requests: { cpu } } });
    const demand = calculateDemand(
      pod({
        initContainers: [{ ...container('100m'), restartPolicy: 'Always' }, container('500m')],
        containers: [container('200m'), container('50m')],
        overhead: { cpu: '10m' },
      }),
    );
    expect(demand.requests.get('cpu')).toBe(610);
  });

  it('takes a limit without a request for the request', () => {
    const limited = {
      name: 'c',
      image: 'i',
      resources: { limits: { memory: '1Ki', cpu: '1' }, requests: { cpu: '0.5' } },
    };
    expect(Object.fromEntries(calculateDemand(pod({ containers: [limited] })).requests)).toEqual({
      memory: 1024,
      cpu: 500,
    });
  });
});

describe('a node info', () => {
  it('gives everything back when its pods leave', () => {
    const twin = pod({ ...onPort(80), ...requesting('1') }, 'rs');
    const info = node({ running: [twin, twin] });
    expect([info.podCount, info.requested('cpu')]).toEqual([1, 1_000]);
    info.removePod(twin.metadata.uid ?? '');
    expect([info.podCount, info.requested('cpu'), info.podsOfOwner('rs')]).toEqual([0, 0, 0]);
  });
});

describe('pods among pods', () => {
  const labelled = (labels: Readonly<Record<string, string>>, spec: Partial<PodSpec> = {}): Pod => {
    const made = pod(spec);
    return { ...made, metadata: { ...made.metadata, labels } };
  };
  const term = (app: string, topologyKey: string) => ({ labelSelector: { matchLabels: { app } }, topologyKey });
  const apart = (app: string, topologyKey = 'host'): Partial<PodSpec> => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, topologyKey)] } },
  });
  const together = (app: string, topologyKey = 'zone'): Partial<PodSpec> => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, topologyKey)] } },
  });
  const spread = (more: object = {}): Partial<PodSpec> => ({
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'web' } },
        ...more,
      },
    ],
  });
  const web = (): Pod => labelled({ app: 'web' });
  const at = (name: string, zone: string, running: readonly Pod[] = []): NodeInfo =>
    node({ name, labels: { host: name, zone }, running });
  const placeOf = (asked: Pod, nodes: readonly NodeInfo[]): string => {
    const decision = choose(asked, nodes);
    return decision.kind === 'bind' ? decision.nodeName : decision.message.replace(/\. preemption.*$/, '');
  };

  it.each([
    {
      name: 'one that wants to be apart goes where no such pod is',
      asked: labelled({ app: 'web' }, apart('web')),
      nodes: [at('a', 'x', [web()]), at('b', 'x')],
      place: 'b',
    },
    {
      name: 'and nowhere when they are everywhere',
      asked: labelled({ app: 'web' }, apart('web', 'zone')),
      nodes: [at('a', 'x', [web()]), at('b', 'x')],
      place: "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules",
    },
    {
      name: 'one that others do not want beside them goes elsewhere',
      asked: web(),
      nodes: [at('a', 'x', [labelled({ app: 'db' }, apart('web'))]), at('b', 'x')],
      place: 'b',
    },
    {
      name: 'one that wants company goes where it is',
      asked: labelled({ app: 'cache' }, together('web')),
      nodes: [at('a', 'x'), at('b', 'y', [web()])],
      place: 'b',
    },
    {
      name: 'and nowhere without it',
      asked: labelled({ app: 'cache' }, together('web')),
      nodes: [at('a', 'x'), at('b', 'y')],
      place: "0/2 nodes are available: 2 node(s) didn't match pod affinity rules",
    },
    {
      name: 'the first of a group that wants to be together starts it',
      asked: labelled({ app: 'web' }, together('web')),
      nodes: [at('a', 'x')],
      place: 'a',
    },
    {
      name: 'pods of other namespaces are nobody to be apart from',
      asked: labelled({ app: 'web' }, apart('web')),
      nodes: [at('a', 'x', [{ ...web(), metadata: { ...web().metadata, namespace: 'other' } }])],
      place: 'a',
    },
    {
      name: 'a spread keeps the zones even',
      asked: labelled({ app: 'web' }, spread()),
      nodes: [at('a', 'x', [web()]), at('b', 'x', [web()]), at('c', 'y', [web()])],
      place: 'c',
    },
    {
      name: 'a zone where the pod may not go is none to keep even with',
      asked: labelled({ app: 'web' }, { ...spread(), nodeSelector: { zone: 'x' } }),
      nodes: [at('a', 'x', [web()]), at('b', 'y')],
      place: 'a',
    },
    {
      name: 'fewer zones than are asked for count as empty ones',
      asked: labelled({ app: 'web' }, spread({ minDomains: 2 })),
      nodes: [at('a', 'x', [web()])],
      place: "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints",
    },
    {
      name: 'a node outside the topology takes no pod that must be spread over it',
      asked: labelled({ app: 'web' }, spread()),
      nodes: [node({ name: 'a' })],
      place: "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label)",
    },
    {
      name: 'a soft spread prefers',
      asked: labelled({ app: 'web' }, spread({ whenUnsatisfiable: 'ScheduleAnyway' })),
      nodes: [at('a', 'x', [web(), web()]), at('b', 'y')],
      place: 'b',
    },
    {
      name: 'a leaving pod is not counted',
      asked: labelled({ app: 'web' }, spread()),
      nodes: [
        at('a', 'x', [{ ...web(), metadata: { ...web().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }]),
        at('b', 'y', [web()]),
      ],
      place: 'a',
    },
  ])('$name', ({ asked, nodes, place }) => {
    expect(placeOf(asked, nodes)).toBe(place);
  });

  it('prefers company and distance as they are weighed', () => {
    const preferred = (weight: number) => [{ weight, podAffinityTerm: term('web', 'host') }];
    const nodes = (): readonly NodeInfo[] => [at('a', 'x'), at('b', 'x', [web()])];
    const near = { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred(50) } };
    const far = { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred(50) } };
    expect(placeOf(pod({ affinity: near }), nodes())).toBe('b');
    expect(placeOf(pod({ affinity: far }), nodes())).toBe('a');
  });
});

describe('a large cluster', () => {
  const thousand = Array.from({ length: 1_000 }, (_, index) => node({ name: `n-${index}` }));

  it('is not searched whole: a hundred nodes that would do are enough', () => {
    expect(choose(pod(), thousand)).toMatchObject({ kind: 'bind', visited: 100 });
  });

  it('is searched until there are as many', () => {
    const full = thousand.map((each, index) => (index % 2 === 0 ? node({ name: each.name, pods: 0 }) : each));
    expect(choose(pod(), full)).toMatchObject({ kind: 'bind', visited: 200 });
  });

  it('is searched to its end for a pod that fits nowhere else', () => {
    const full = thousand.map(({ name }, index) => node({ name, pods: index === 999 ? 1 : 0 }));
    expect(choose(pod(), full)).toMatchObject({ kind: 'bind', nodeName: 'n-999', visited: 1_000 });
  });
});
