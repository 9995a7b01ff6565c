import type { Pod } from '@slipway/kube/api.generated';
import { StatusError } from '@slipway/kube/status-error';

/** The container that a request means; throws a `BadRequest` if there is none of that name, or none is named and there are several. */
export function chooseContainer(pod: Pod, asked: string): string {
  const name = pod.metadata.name ?? '';
  const all = [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []),
    ...(pod.spec?.ephemeralContainers ?? []),
  ].map((each) => each.name);
  if (asked !== '') {
    if (all.includes(asked)) return asked;
    throw new StatusError('BadRequest', `container ${asked} is not valid for pod ${name}`);
  }
  const preferred = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (preferred !== undefined && all.includes(preferred)) return preferred;
  const [first, second] = pod.spec?.containers ?? [];
  if (first === undefined || second !== undefined)
    throw new StatusError(
      'BadRequest',
      `a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`,
    );
  return first.name;
}
