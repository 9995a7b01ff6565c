/** The Node object, its status and its Lease, as the kubelet reports them. Pure. */
import type {
  Lease,
  Node,
  NodeAddress,
  NodeCondition,
  NodeStatus,
  NodeSystemInfo,
  ResourceList,
} from '@slipway/kube/api.generated';
import { formatMicroTime, formatTime } from '@slipway/kube/clock';

export const kubeletVersion = 'v1.32.0';
export const leaseNamespace = 'kube-node-lease';
/** After this without renewal the node counts as lost; it is renewed four times as often. */
export const leaseDurationSeconds = 40;
const limitationsCondition = 'slipway.dev/RuntimeLimited';

/** Quantities as Kubernetes writes them. */
export interface NodeCapacity {
  readonly cpu: string;
  readonly memory: string;
  readonly pods: string;
  readonly ephemeralStorage: string;
}

export interface Machine {
  /** In Go's words: `linux`. */
  readonly operatingSystem: string;
  /** In Go's words: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineID?: string | undefined;
  readonly systemUUID?: string | undefined;
  readonly bootID?: string | undefined;
}

export interface NodeDescription {
  readonly nodeName: string;
  readonly capacity: NodeCapacity;
  readonly addresses: readonly NodeAddress[];
  readonly machine: Machine;
  readonly runtimeName: string;
  /** What this machine cannot do, each a full sentence. */
  readonly limitations: readonly string[];
}

export function resourcesOf(capacity: NodeCapacity): ResourceList {
  const { cpu, memory, pods, ephemeralStorage } = capacity;
  return { cpu, memory, pods, 'ephemeral-storage': ephemeralStorage };
}

export function calculateNodeLabels({ nodeName, machine }: NodeDescription): Readonly<Record<string, string>> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': machine.operatingSystem,
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': machine.operatingSystem,
    'node-role.kubernetes.io/control-plane': '',
  };
}

export function calculateNode(description: NodeDescription): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: description.nodeName, labels: calculateNodeLabels(description) },
    spec: {},
  };
}

/** `before` are the conditions as the API has them: times of transition are kept. */
export function calculateNodeStatus(
  description: NodeDescription,
  { before, now }: { readonly before: readonly NodeCondition[]; readonly now: number },
): NodeStatus {
  const resources = resourcesOf(description.capacity);
  return {
    capacity: resources,
    allocatable: resources,
    addresses: description.addresses,
    conditions: calculateConditions(description, { before, now }),
    nodeInfo: calculateNodeInfo(description),
  };
}

function calculateNodeInfo({ machine, runtimeName }: NodeDescription): NodeSystemInfo {
  const {
    machineID = '',
    systemUUID = '',
    bootID = '',
    kernelVersion,
    osImage,
    operatingSystem,
    architecture,
  } = machine;
  return {
    machineID,
    systemUUID,
    bootID,
    kernelVersion,
    osImage,
    containerRuntimeVersion: `${runtimeName}://0.1.0`,
    kubeletVersion,
    kubeProxyVersion: '',
    operatingSystem,
    architecture,
  };
}

type Verdict = readonly [type: string, status: 'True' | 'False', reason: string, message: string];

function calculateConditions(
  { limitations }: NodeDescription,
  { before, now }: { readonly before: readonly NodeCondition[]; readonly now: number },
): readonly NodeCondition[] {
  const limited: readonly Verdict[] =
    limitations.length === 0 ? [] : [[limitationsCondition, 'True', 'MissingRights', limitations.join(' ')]];
  const verdicts: readonly Verdict[] = [
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
    ...limited,
  ];
  return verdicts.map(([type, status, reason, message]) => {
    const old = before.find((condition) => condition.type === type);
    const since = old?.status === status ? old.lastTransitionTime : undefined;
    return {
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: formatTime(now),
      lastTransitionTime: since ?? formatTime(now),
    };
  });
}

export function calculateLease(node: Node, now: number): Lease {
  const { name, uid } = node.metadata;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace: leaseNamespace,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: name ?? '', uid: uid ?? '' }],
    },
    spec: { holderIdentity: name, leaseDurationSeconds, renewTime: formatMicroTime(now) },
  };
}
