import type { SecurityContext } from '@slipway/kube/api.generated';

/** What Docker and containerd leave to a container: enough for servers and package managers, not enough to mount or to load. */
export const defaultCapabilities: readonly string[] = [
  'audit_write',
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'mknod',
  'net_bind_service',
  'net_raw',
  'setfcap',
  'setgid',
  'setpcap',
  'setuid',
  'sys_chroot',
];

/** The capabilities that a container may have at most; undefined: all, as `privileged` asks. */
export function calculateCapabilities(context: SecurityContext | undefined): readonly string[] | undefined {
  if (context?.privileged === true) {
    return undefined;
  }
  const added = (context?.capabilities?.add ?? []).map(normalise);
  const dropped = (context?.capabilities?.drop ?? []).map(normalise);
  if (added.includes('all')) {
    return undefined;
  }
  const kept = dropped.includes('all') ? [] : defaultCapabilities.filter((name) => !dropped.includes(name));
  return [...new Set([...kept, ...added])].toSorted();
}

function normalise(name: string): string {
  return name.toLowerCase().replace(/^cap_/, '');
}
