/** Images that cannot be had, and why: one cause and one sentence, however a kubelet alternates between trying and waiting. */
import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';

/** The cause that was heard first, by image; empty where it is not known. */
export type ImageFaults = Readonly<Record<string, string>>;

/** Tried again and again: somebody may still bring the image, or the registry back. */
const pullReasons = ['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'SignatureValidationFailed'];
const maximumCause = 200;

export function isPullFault({ state }: ContainerStatus): boolean {
  return pullReasons.includes(state?.waiting?.reason ?? '');
}

/**
 * Of these pods, as far as they still have it. What was heard before stands: the next try may say it in other words, and a
 * kubelet that waits may say nothing of it. Undefined: none.
 */
export function calculateImageFaults(pods: readonly Pod[], known: ImageFaults = {}): ImageFaults | undefined {
  const open = pods
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .filter(isPullFault);
  const heard = new Map<string, string>();
  for (const status of open) {
    const before = known[status.image] || heard.get(status.image);
    heard.set(status.image, before || causeOf(status));
  }
  return heard.size === 0 ? undefined : Object.fromEntries(heard);
}

/** `image shop:9 cannot be pulled: not found` */
export function describePullFault({ image }: ContainerStatus, faults: ImageFaults | undefined): string {
  const cause = faults?.[image] ?? '';
  return `image ${image} cannot be pulled${cause === '' ? '' : `: ${cause}`}`;
}

/** Newer kubelets repeat the cause while they wait: `Back-off pulling image "shop:9": ErrImagePull: not found`. */
function causeOf({ state }: ContainerStatus): string {
  const { reason, message = '' } = state?.waiting ?? {};
  const cause =
    reason === 'ImagePullBackOff' ? message.replace(/^Back-off pulling image "[^"]*"(: \w+: )?/, '') : message;
  return cause.length > maximumCause ? `${cause.slice(0, maximumCause)}…` : cause;
}
