/** As whom a container runs. What the pod says is for all its containers, where a container says nothing itself. */
import type { Container, Pod, SecurityContext } from '@slipway/kube/api.generated';
import { ConfigError } from './config-error.ts';
import { describePod } from './pod-record.ts';

export function mergeSecurityContext(pod: Pod, { securityContext }: Container): SecurityContext | undefined {
  const { runAsUser, runAsGroup, runAsNonRoot } = pod.spec?.securityContext ?? {};
  const ofPod = withoutUndefined({ runAsUser, runAsGroup, runAsNonRoot });
  if (securityContext === undefined && Object.keys(ofPod).length === 0) return undefined;
  return { ...ofPod, ...withoutUndefined(securityContext ?? {}) };
}

function withoutUndefined(context: SecurityContext): SecurityContext {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined));
}

/** `uid`, `uid:gid` or the image's user. Throws a `ConfigError` in the kubelet's words if that is root and must not be. */
export function calculateUser(pod: Pod, container: Container, image: { readonly user: string }): string {
  const { runAsUser, runAsGroup, runAsNonRoot } = mergeSecurityContext(pod, container) ?? {};
  if (runAsNonRoot === true) requireOtherThanRoot({ pod, container, runAsUser, imageUser: image.user });
  const user = runAsUser === undefined ? image.user : String(runAsUser);
  if (runAsGroup === undefined) return user;
  const [name = ''] = user.split(':');
  return `${name === '' ? '0' : name}:${runAsGroup}`;
}

function requireOtherThanRoot(asked: {
  readonly pod: Pod;
  readonly container: Container;
  readonly runAsUser: number | undefined;
  readonly imageUser: string;
}): void {
  const { pod, container, runAsUser, imageUser } = asked;
  const where = `(pod: "${describePod(pod)}", container: ${container.name})`;
  if (runAsUser === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (runAsUser !== undefined) return;
  const [user = ''] = imageUser.split(':');
  if (user === '' || Number(user) === 0) {
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  }
  if (!/^\d+$/.test(user)) {
    const fault = `image has non-numeric user (${user}), cannot verify user is non-root`;
    throw new ConfigError(`container has runAsNonRoot and ${fault} ${where}`);
  }
}

/** Beside those that the image's /etc/group gives the user. Volumes belong to `fsGroup`. */
export function calculateSupplementalGroups(pod: Pod): readonly number[] {
  const { fsGroup, supplementalGroups = [] } = pod.spec?.securityContext ?? {};
  return [...new Set(fsGroup === undefined ? supplementalGroups : [fsGroup, ...supplementalGroups])];
}
