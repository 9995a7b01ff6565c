import type { Container, Pod, PodQOSClass, ResourceList } from '@slipway/kube/api.generated';
import { containerSpecs } from './pod-record.ts';

const counted = ['cpu', 'memory'] as const;

/**
 * BestEffort without any request or limit of cpu and memory; Guaranteed if every container limits both and requests
 * nothing else; Burstable otherwise. https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
 */
export function calculateQosClass(pod: Pod): PodQOSClass {
  const containers = containerSpecs(pod).flatMap(({ role, spec }) => (role === 'ephemeral' ? [] : [spec]));
  if (!containers.some((container) => hasAny(container.resources?.requests) || hasAny(container.resources?.limits))) {
    return 'BestEffort';
  }
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function hasAny(list: ResourceList | undefined): boolean {
  return counted.some((name) => amount(list, name) !== undefined);
}

function isGuaranteed({ resources }: Container): boolean {
  return counted.every((name) => {
    const limit = amount(resources?.limits, name);
    const request = amount(resources?.requests, name) ?? limit;
    return limit !== undefined && request === limit;
  });
}

/** The API writes quantities in their canonical form, so equal amounts are equal texts. Zero is as good as none. */
function amount(list: ResourceList | undefined, name: string): string | undefined {
  const value = list?.[name];
  return value === undefined || String(value) === '0' ? undefined : String(value);
}
