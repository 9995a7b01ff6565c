import type { Container, Pod, ResourceList } from '@slipway/kube/api.generated';
import { addQuantities, compareQuantities } from '@slipway/kube/quantity';

type Side = 'requests' | 'limits';

/** What the pod is promised: the sum over its containers, or the most that one before them needs. */
export function requestsOf(pod: Pod): ResourceList {
  return totalOf(pod, 'requests');
}

export function limitsOf(pod: Pod): ResourceList {
  return totalOf(pod, 'limits');
}

/** An init container that stays, a sidecar, counts beside all that start after it. */
function totalOf({ spec }: Pod, side: Side): ResourceList {
  const read = ({ resources }: Container): ResourceList => resources?.[side] ?? {};
  let sidecars: ResourceList = {};
  let peak: ResourceList = {};
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars = sumLists(sidecars, read(container));
    else peak = maximumOf(peak, sumLists(sidecars, read(container)));
  }
  const main = (spec?.containers ?? []).map(read).reduce(sumLists, sidecars);
  return sumLists(maximumOf(main, peak), spec?.overhead ?? {});
}

export function sumLists(a: ResourceList, b: ResourceList): ResourceList {
  const sum = Object.entries(b).map(([name, quantity]) => [name, addQuantities(a[name] ?? 0, quantity)] as const);
  return { ...a, ...Object.fromEntries(sum) };
}

function maximumOf(a: ResourceList, b: ResourceList): ResourceList {
  const greater = Object.entries(b).filter(([name, quantity]) => compareQuantities(quantity, a[name] ?? 0) > 0);
  return { ...a, ...Object.fromEntries(greater) };
}
