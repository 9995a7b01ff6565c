import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { AddressPool } from './address-pool.ts';
import { IpBatch } from './ip-batch.ts';
import { formatCidr, parseCidr } from './ipv4.ts';
import { addressInRange, crossingsOf, linkPrefix, nodeAddressOf, type Crossings, type NodeRanges } from './ranges.ts';

const bridge = 'pods';
const uplink = 'uplink';
/** Interfaces of this cluster carry this group, so that a person can tell them from others: `ip link show group 5155`. */
const interfaceGroup = '5155';

export interface ClusterNetworkOptions {
  readonly ranges: NodeRanges;
  /** How many nodes share it, each with an address of its own. */
  readonly nodes: number;
  /** Absolute paths of `ip`, `nsenter` and `unshare`. */
  readonly ip: string;
  readonly nsenter: string;
  readonly unshare: string;
  /** An open file of the machine's own network namespace. */
  readonly hostNetworkFd: number;
  /** The number of this process as its own /proc shows it; its namespace is the cluster's. */
  readonly ownPid: number;
}

export interface PodNamespace {
  readonly holderPid: number;
  readonly address: string;
  remove(): Promise<void>;
}

/**
 * The network of one cluster, in the network namespace of this process: a bridge with the pods, a link to the machine,
 * and every service address as a local one, so that the service proxy can listen on it. Nothing is written to a file and
 * no namespace is pinned: when this process ends, the kernel removes all of it, the machine's side included. So what keeps
 * clusters apart on a machine that forwards is here too, and neither a rule nor a setting of the machine, which others change.
 */
export class ClusterNetwork {
  /** The node's own address, as pods and machine see it. */
  readonly nodeAddress: string;
  private readonly options: ClusterNetworkOptions;
  private readonly addresses: AddressPool;
  private readonly prefix: number;
  /** Part of the name of every interface: the kernel takes a while to remove those of a network that was here before. */
  private readonly tag = randomBytes(2).toString('hex');
  private interfaces = 0;
  private batch: IpBatch | undefined;
  /** Addresses of pods that are gone. */
  private readonly refused = new Set<string>();
  private isStopped = false;
  private starting: Promise<void> | undefined;

  constructor(options: ClusterNetworkOptions) {
    this.options = options;
    this.nodeAddress = nodeAddressOf(options.ranges);
    this.addresses = new AddressPool(options.ranges.pods, options.nodes);
    this.prefix = parseCidr(options.ranges.pods)?.prefix ?? 32;
  }

  /** Resolves when pods can be joined; begun by the first call, however many there are. */
  start(): Promise<void> {
    this.starting ??= this.build();
    return this.starting;
  }

  /** A namespace with an address, ready for a pod. */
  async createPodNamespace(): Promise<PodNamespace> {
    const address = this.addresses.allocate();
    this.interfaces += 1;
    const name = `pod${this.tag}-${this.interfaces}`;
    const { unshare, ip, ownPid } = this.options;
    const holder = IpBatch.start([unshare, '--net', '--ipc', '--uts', ip]);
    const remove = async (): Promise<void> => {
      await holder.stop();
      // Who still asks for the pod is refused at once instead of waiting for an answer on the bridge.
      if (!this.isStopped) await this.running().run([`route replace unreachable ${address}`]);
      this.refused.add(address);
      this.addresses.release(address);
    };
    try {
      if (this.refused.delete(address)) await this.running().run([`route delete unreachable ${address}`]);
      await holder.run([
        'link set lo up',
        `link add eth0 type veth peer name ${name} group ${interfaceGroup} netns ${ownPid}`,
        `address add ${address}/${this.prefix} dev eth0`,
        'link set eth0 up',
        `route add default via ${this.nodeAddress}`,
      ]);
      await this.running().run([`link set ${name} master ${bridge} up`]);
    } catch (error) {
      await remove();
      throw error;
    }
    return { holderPid: holder.pid, address, remove };
  }

  /** The machine's end of the link goes with this one. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.batch?.run([`link delete ${uplink}`, `link delete ${bridge}`]);
    await this.batch?.stop();
  }

  private async build(): Promise<void> {
    const { ranges, ip, nodes } = this.options;
    const batch = IpBatch.start([ip]);
    this.batch = batch;
    const [crossings] = await Promise.all([
      this.linkToMachine(),
      writeFile('/proc/sys/net/ipv4/ip_forward', '1'),
      batch.run([
        'link set lo up',
        `link add ${bridge} group ${interfaceGroup} address ${randomHardwareAddress()} type bridge forward_delay 0`,
        ...Array.from(
          { length: nodes },
          (_, index) => `address add ${addressInRange(ranges.pods, index + 1)}/${this.prefix} dev ${bridge}`,
        ),
        `link set ${bridge} up`,
        `route add local ${ranges.services} dev lo`,
      ]),
    ]);
    // What comes from where nothing may go is not taken in either.
    await writeFile(`/proc/sys/net/ipv4/conf/${uplink}/rp_filter`, '1');
    const machine = addressInRange(ranges.link, 1);
    await batch.run([
      ...crossings.closed.map((range) => `route replace unreachable ${formatCidr(range)}`),
      `address add ${addressInRange(ranges.link, 2)}/30 dev ${uplink}`,
      `link set ${uplink} up`,
      ...crossings.open.map((range) => `route add ${formatCidr(range)} via ${machine}`),
      `route add default via ${machine}`,
    ]);
  }

  private running(): IpBatch {
    if (this.batch === undefined) {
      throw new Error('the network of the cluster has not been started');
    }
    return this.batch;
  }

  /**
   * Both ends are made from the machine's side, after its routes have been read. The name is random: the kernel takes a while
   * to remove a dead cluster's.
   */
  private async linkToMachine(): Promise<Crossings> {
    const { ranges, ip, nsenter, hostNetworkFd, ownPid } = this.options;
    const name = `${linkPrefix}${randomBytes(4).toString('hex')}`;
    const routes = await runOnce([nsenter, '--net=/proc/self/fd/3', ip, '-json', '-4', '-batch', '-'], {
      fd: hostNetworkFd,
      input: [
        'route show table all',
        `link add ${name} group ${interfaceGroup} type veth peer name ${uplink} netns ${ownPid}`,
        `address add ${addressInRange(ranges.link, 1)}/30 dev ${name}`,
        `link set ${name} up`,
        `route add ${ranges.block} via ${addressInRange(ranges.link, 2)}`,
      ],
    });
    return crossingsOf(JSON.parse(routes === '' ? '[]' : routes));
  }
}

/**
 * For the bridge. One that is not given an address takes the lowest of its ports', and so another one when pods come and
 * go; all others would go on sending to the old one until their caches expire, half a minute later.
 */
function randomHardwareAddress(): string {
  // Locally administered, and of one station.
  return ['02', ...[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** Runs a command with `fd` as its descriptor 3. Gives its output. */
async function runOnce(
  command: readonly [string, ...string[]],
  given: { readonly fd: number; readonly input: readonly string[] },
): Promise<string> {
  const [file, ...parameters] = command;
  const child = spawn(file, parameters, { stdio: ['pipe', 'pipe', 'pipe', given.fd] });
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  child.stdin?.on('error', () => {
    // It ended before it had read all; its exit code and message say why.
  });
  child.stdin?.end(`${given.input.join('\n')}\n`);
  const [output, said, code] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    exited,
  ]);
  if (code !== 0) {
    throw new Error(`the link between the machine and the cluster cannot be made: ${said.trim()}`);
  }
  return output.trim();
}
