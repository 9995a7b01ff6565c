import { AddressPool } from '../../network/address-pool.ts';
import type { ClusterNetwork } from '../../network/cluster-network.ts';
import { SharedNetwork } from '../../network/shared-network.ts';
import { addressInRange, nodeAddressOf } from '../../network/ranges.ts';
import { ImageStore } from '../../image/image-store.ts';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { ControlGroups } from '../control-groups/control-groups.ts';
import { directoriesOf } from '../control-groups/find-control-groups.ts';
import type { Isolation } from '../runtimes/process/isolation.ts';
import { firstPortOf } from '../runtimes/process/first-port.ts';
import { LocalImages } from '../runtimes/process/local-images.ts';
import { PlainIsolation } from '../runtimes/process/plain-isolation.ts';
import { ProcessRuntime } from '../runtimes/process/process-runtime.ts';
import { NamespaceIsolation } from '../runtimes/process/namespace-isolation.ts';
import { rightsOfRoot, rightsOfUser } from '../runtimes/process/namespace-rights.ts';
import { SandboxPool } from '../runtimes/process/sandbox-pool.ts';
import { findTools, hasProgram, requireTool, rootTools, userTools } from '../runtimes/process/tools.ts';
import type { HelperOptions } from './helper-options.ts';

/** Enough for two deployments of three replicas to change at once, and when it is quiet for twenty pods; each costs a few hundred kilobytes. */
const warmNamespaces = { first: 6, whole: 20 } as const;

export interface RuntimeParts {
  readonly options: HelperOptions;
  /** Of level root. */
  readonly network: ClusterNetwork | undefined;
  readonly searchPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface NodeRuntime {
  readonly runtime: ProcessRuntime;
  /** Of each node in turn, as pods and machine see it. */
  readonly nodeAddresses: readonly [string, ...string[]];
}

export function createNodeRuntime(parts: RuntimeParts): NodeRuntime {
  const { options, searchPath, clock, logger } = parts;
  const { limitations } = options;
  const store = new ImageStore(`${options.dataDirectory}/images`);
  const nodeAddress = nodeAddressOf(options.ranges);
  const { network } = parts;
  const groups = new ControlGroups({ locations: options.controlGroups, clock });
  const isolation =
    network === undefined
      ? createUnprivileged(parts, { store, nodeAddress, groups })
      : createRoot(parts, { network, groups });
  const images = new LocalImages(store);
  const runtime = new ProcessRuntime({
    isolation,
    groups,
    images,
    hasProgram: (name) => hasProgram(name, searchPath),
    limitations,
    clock,
    logger,
  });
  const others = options.nodeNames.slice(1).map((_, index) => addressInRange(options.ranges.pods, index + 2));
  return { runtime, nodeAddresses: [nodeAddress, ...others] };
}

function createRoot(
  { options, searchPath, clock, logger }: RuntimeParts,
  { network, groups }: { readonly network: ClusterNetwork; readonly groups: ControlGroups },
): Isolation {
  const { tools } = findTools([...rootTools, 'setsid'], searchPath);
  return new NamespaceIsolation({
    dataDirectory: options.dataDirectory,
    tools,
    rights: rightsOfRoot(tools),
    network,
    groups,
    pool: new SandboxPool({ create: () => network.createPodNamespace(), ...warmNamespaces, clock, logger }),
    searchPath,
    nodeProgram: process.execPath,
    ownPid: process.pid,
    logger,
  });
}

interface Unprivileged {
  readonly store: ImageStore;
  readonly nodeAddress: string;
  readonly groups: ControlGroups;
}

function createUnprivileged(parts: RuntimeParts, given: Unprivileged): Isolation {
  return parts.options.level === 'user' ? createUser(parts, given) : createPlain(parts, given);
}

function createUser(
  { options, searchPath, clock, logger }: RuntimeParts,
  { nodeAddress, groups }: Unprivileged,
): Isolation {
  const { tools } = findTools([...userTools, 'hostname', 'setsid'], searchPath);
  const network = new SharedNetwork({
    addresses: new AddressPool(options.ranges.pods, options.nodeNames.length),
    nodeAddress,
    unshare: requireTool(tools, 'unshare'),
  });
  return new NamespaceIsolation({
    dataDirectory: options.dataDirectory,
    tools,
    rights: rightsOfUser(tools, firstPortOf('user')),
    network,
    groups,
    pool: new SandboxPool({ create: () => network.createPodNamespace(), ...warmNamespaces, clock, logger }),
    searchPath,
    nodeProgram: process.execPath,
    ownPid: process.pid,
    logger,
  });
}

function createPlain({ options, searchPath, clock }: RuntimeParts, { store, nodeAddress }: Unprivileged): Isolation {
  return new PlainIsolation({
    clock,
    dataDirectory: options.dataDirectory,
    tools: findTools(['setpriv', 'setsid'], searchPath).tools,
    addresses: new AddressPool(options.ranges.pods, options.nodeNames.length),
    nodeAddress,
    firstPort: firstPortOf('plain'),
    searchPath,
    nodeProgram: process.execPath,
    groupDirectories: directoriesOf(options.controlGroups),
    mergeLayers: ({ digests }) => store.mergeLayers(digests),
  });
}
