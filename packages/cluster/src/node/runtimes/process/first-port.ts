import { readFileSync } from 'node:fs';
import type { IsolationLevel } from './isolation.ts';

/** What Linux says if nobody has said otherwise. */
const usualFirstPort = 1024;

/** The lowest port that programs without rights may listen on in the network of this machine. https://docs.kernel.org/networking/ip-sysctl.html */
export function readFirstPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    // A kernel that does not tell.
    return usualFirstPort;
  }
}

/** The lowest port that a cluster of this user may listen on for its pods and Services; undefined: any. */
export function firstPortOf(level: IsolationLevel): number | undefined {
  // A network of its own has no such ports, and who runs as root without namespaces may listen on all of them.
  const isFree = level === 'root' || (level === 'plain' && process.getuid?.() === 0);
  return isFree ? undefined : readFirstPort();
}

/** What containers are limited to that share the network of this machine. `firstPort` absent: any port. */
export function describeSharedNetwork(firstPort = 0): string {
  const ports = firstPort > 1 ? `, and on a port from ${firstPort} on` : '';
  return `Containers share the network of this machine: a program must listen on the address in POD_IP, because two that listen on all addresses would collide${ports}.`;
}
