import { spawn, type ChildProcess } from 'node:child_process';
import type { AddressPool } from './address-pool.ts';
import type { PodNamespace } from './cluster-network.ts';

export interface SharedNetworkOptions {
  /** Loopback addresses that no other cluster of this machine uses. */
  readonly addresses: AddressPool;
  readonly nodeAddress: string;
  /** Absolute path. */
  readonly unshare: string;
}

/** Says that it is there, and is until the writer of its input closes it or dies in any way. */
const script = 'echo ready; read -r never';

/**
 * Pods on the network of the machine, each with a loopback address. What their containers share beside it is held by a
 * process, and ends with it.
 */
export class SharedNetwork {
  readonly nodeAddress: string;
  private readonly options: SharedNetworkOptions;

  constructor(options: SharedNetworkOptions) {
    this.options = options;
    this.nodeAddress = options.nodeAddress;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  environmentOf(address: string): Readonly<Record<string, string>> {
    return { POD_IP: address };
  }

  async createPodNamespace(): Promise<PodNamespace> {
    const { addresses, unshare } = this.options;
    const address = addresses.allocate();
    const holder = spawn(unshare, ['--ipc', '--uts', '/bin/sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    const ended = endOf(holder);
    const remove = async (): Promise<void> => {
      holder.kill('SIGKILL');
      await ended;
      addresses.release(address);
    };
    try {
      await readiness(holder);
    } catch (error) {
      await remove();
      throw error;
    }
    return { holderPid: holder.pid ?? 0, address, remove };
  }
}

function endOf(holder: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    holder.once('error', () => resolve()).once('close', () => resolve());
  });
}

function readiness(holder: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    holder.once('error', reject);
    holder.once('close', () => reject(new Error('the process that holds the namespaces of a pod ended at once')));
    holder.stdout?.once('data', () => resolve());
  });
}
