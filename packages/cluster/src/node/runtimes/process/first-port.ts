import { readFileSync } from 'node:fs';

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
