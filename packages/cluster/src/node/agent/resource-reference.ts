/** `resourceFieldRef`: a container's request or limit as a number of units; a limit that is not set is what the node has. */
import type { Container, Pod, ResourceFieldSelector, ResourceList } from '@slipway/kube/api.generated';
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
  const divisor = parseAmount(reference.divisor ?? 1);
  return String(Math.ceil(parseAmount(value) / (divisor === 0 ? 1 : divisor)));
}

function findContainer(reference: ResourceFieldSelector, { pod, container }: ResourceCircumstances): Container {
  const named = containerSpecs(pod).find(({ spec }) => spec.name === reference.containerName)?.spec;
  const found = reference.containerName === undefined ? container : named;
  if (found === undefined) throw new ConfigError(`container ${reference.containerName ?? ''} not found`);
  return found;
}

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function parseAmount(quantity: string | number): number {
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(String(quantity));
  const factor = factors[match?.[2] ?? '?'];
  if (match === null || factor === undefined) throw new ConfigError(`"${quantity}" is not a quantity`);
  return Number(match[1]) * factor;
}
