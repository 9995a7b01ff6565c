/** `resourceFieldRef`: a container's request or limit as a number of units; a limit that is not set is what the node has. */
import type { Container, Pod, ResourceFieldSelector, ResourceList } from '@slipway/kube/api.generated';
import { quantityMilliValue } from '@slipway/kube/quantity';
import { ConfigError } from './config-error.ts';
import { containerSpecs } from './pod-record.ts';

export interface ResourceCircumstances {
  readonly pod: Pod;
  /** Whose resources are meant if the reference does not say. */
  readonly container: Container | undefined;
  readonly allocatable: ResourceList;
}

/** Rounded up: 100m of cpu with divisor 1 is 1, 1500Mi with divisor 1Gi is 2. */
export function resolveResource(reference: ResourceFieldSelector, when: ResourceCircumstances): string {
  const container = findContainer(reference, when);
  const [kind, ...rest] = reference.resource.split('.');
  const name = rest.join('.');
  if (kind !== 'limits' && kind !== 'requests') {
    throw new ConfigError(`resource "${reference.resource}" is not supported; expected limits.NAME or requests.NAME`);
  }
  const own = container.resources?.[kind]?.[name];
  const value = own ?? (kind === 'limits' ? when.allocatable[name] : undefined) ?? 0;
  // 0 is how the API writes a divisor that was not given.
  const divisor = quantityMilliValue(reference.divisor) || 1000;
  return String(Math.ceil(quantityMilliValue(value) / divisor));
}

function findContainer(reference: ResourceFieldSelector, { pod, container }: ResourceCircumstances): Container {
  const named = containerSpecs(pod).find(({ spec }) => spec.name === reference.containerName)?.spec;
  const found = reference.containerName === undefined ? container : named;
  if (found === undefined) throw new ConfigError(`container ${reference.containerName ?? ''} not found`);
  return found;
}
