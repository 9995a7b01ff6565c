import { StartError, type ContainerRequest } from '../../runtime.ts';
import { calculateCapabilities } from './capabilities.ts';
import { describeSharedNetwork } from './first-port.ts';
import type { IsolationLevel } from './isolation.ts';
import type { ContainerRoot } from './root-filesystem.ts';
import { requireTool, type Tools } from './tools.ts';
import type { UserIdentity } from './user.ts';

/** A process that is to become one of a container's. */
export interface Entry {
  readonly tty: boolean;
  readonly request: Pick<ContainerRequest, 'securityContext' | 'supplementalGroups'>;
  readonly root: ContainerRoot;
  readonly user: UserIdentity;
  readonly command: readonly string[];
}

/** In what the namespaces of root differ from those that an ordinary user makes. */
export interface NamespaceRights {
  readonly level: Exclude<IsolationLevel, 'plain'>;
  readonly limitations: readonly string[];
  /** The lowest port that programs may listen on. Absent: any. */
  readonly firstPort?: number | undefined;
  /** What the containers of a pod share, as flags of `nsenter`. */
  readonly shared: readonly string[];
  /** The last words of an `nsenter` into the container's root: its user, and the command. Throws a `StartError` where they cannot be had. */
  become(entry: Entry): readonly string[];
}

/**
 * Where the container has `setpriv` (any with the machine's root), it sets user, groups and capabilities there. An image
 * from scratch gets user and group from nsenter and keeps the capabilities.
 */
export function rightsOfRoot(tools: Tools): NamespaceRights {
  const setpriv = requireTool(tools, 'setpriv');
  return {
    level: 'root',
    limitations: [
      'Profiles of seccomp, AppArmor and SELinux are not applied by the process runtime.',
      'Pods reach each other, services and this machine, but no other machine.',
    ],
    shared: ['--net', '--ipc', '--uts'],
    become: (entry) => {
      const { root, user, request } = entry;
      const command = withTerminal(entry, tools);
      if (!hasProgram(root, setpriv)) return [`--setuid=${user.uid}`, `--setgid=${user.gid}`, '--', ...command];
      const all = [...new Set([...user.groups, ...(request.supplementalGroups ?? [])])];
      const groups = all.length === 0 ? ['--clear-groups'] : [`--groups=${all.join(',')}`];
      const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, ...groups];
      return ['--', setpriv, ...ids, ...capabilitiesOf(entry), ...privilegesOf(entry), '--', ...command];
    },
  };
}

/**
 * A user namespace knows one user and one group, who are root in it and the user who started the cluster outside. Who is to
 * be somebody else in a container gets one more namespace, in which the same user has that number. The container must have
 * the program for it: nobody who is not to be root becomes root for want of it.
 */
export function rightsOfUser(tools: Tools, firstPort: number | undefined): NamespaceRights {
  const setpriv = requireTool(tools, 'setpriv');
  const unshare = requireTool(tools, 'unshare');
  return {
    level: 'user',
    limitations: [
      describeSharedNetwork(firstPort),
      'All users of containers are the user who started the cluster: they have the numbers that were asked for, but no groups, and what others own on this machine they cannot change.',
      'Profiles of seccomp, AppArmor and SELinux are not applied by the process runtime.',
      'Names of services are not looked up for containers, which ask the resolvers of this machine: use the variables of services.',
      ...(tools['hostname'] === undefined
        ? ['Containers have the hostname of this machine, because the program "hostname" is not installed.']
        : []),
    ],
    firstPort,
    shared: ['--ipc', '--uts'],
    become: (entry) => {
      const { user, root } = entry;
      const isOther = user.uid !== 0 || user.gid !== 0;
      if (isOther && !hasProgram(root, unshare)) throw cannotBecome(user, unshare);
      const map = isOther ? [unshare, '--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`, '--'] : [];
      const command = withTerminal(entry, tools);
      // Whoever is not root in the inner namespace has no capabilities that could be bounded.
      const bounds = user.uid !== 0 ? privilegesOf(entry) : [...capabilitiesOf(entry), ...privilegesOf(entry)];
      const isBounded = bounds.length > 0 && hasProgram(root, setpriv);
      return ['--', ...map, ...(isBounded ? [setpriv, ...bounds, '--'] : []), ...command];
    },
  };
}

function cannotBecome({ uid, gid }: UserIdentity, unshare: string): StartError {
  return new StartError(
    'CreateContainerConfigError',
    `the container cannot run as user ${uid} and group ${gid}: at the level "user" that needs ${unshare} in its image, which is not there; run it as root, or build the image on the machine's files`,
  );
}

/** Flags of `setpriv`. */
function capabilitiesOf({ request: { securityContext } }: Entry): readonly string[] {
  const capabilities = calculateCapabilities(securityContext);
  return capabilities === undefined ? [] : [`--bounding-set=-all${capabilities.map((name) => `,+${name}`).join('')}`];
}

function privilegesOf({ request: { securityContext } }: Entry): readonly string[] {
  return securityContext?.allowPrivilegeEscalation === false ? ['--no-new-privs'] : [];
}

/** Makes its input the terminal of a session of its own, where the container has the program for it: then keys send signals. */
function withTerminal({ tty, root, command }: Entry, { setsid }: Tools): readonly string[] {
  return tty && setsid !== undefined && hasProgram(root, setsid) ? [setsid, '--ctty', ...command] : command;
}

function hasProgram({ view }: ContainerRoot, path: string): boolean {
  return view.locate(path).stats !== undefined;
}
