/** Of which Service an EndpointSlice tells. https://kubernetes.io/docs/reference/labels-annotations-taints/ */
import type { EndpointSlice } from './api.generated.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';

export function serviceNameOf({ metadata }: EndpointSlice): string | undefined {
  return metadata.labels?.[serviceNameLabel];
}

/** For an index of EndpointSlices by `namespace/name` of their Service. */
export function serviceKeysOf(slice: EndpointSlice): readonly string[] {
  const name = serviceNameOf(slice);
  return name === undefined ? [] : [`${slice.metadata.namespace ?? ''}/${name}`];
}
