import type { Service } from '@slipway/kube/api.generated';

/** The service proxy carries TCP, each connection to any endpoint. */
export function serviceWarnings({ spec }: Service): readonly string[] {
  const ports = (spec?.ports ?? []).flatMap(({ protocol }, index) =>
    protocol === 'UDP' || protocol === 'SCTP'
      ? [`spec.ports[${index}].protocol: ${protocol} is not forwarded by this cluster, only TCP is`]
      : [],
  );
  const affinity =
    spec?.sessionAffinity === 'ClientIP'
      ? ['spec.sessionAffinity: ClientIP is not kept by this cluster: connections go to any endpoint']
      : [];
  return [...ports, ...affinity];
}
