import type { Service } from '@slipway/kube/api.generated';

/** The service proxy carries TCP and UDP. */
export function serviceWarnings({ spec }: Service): readonly string[] {
  return (spec?.ports ?? []).flatMap(({ protocol }, index) =>
    protocol === 'SCTP'
      ? [`spec.ports[${index}].protocol: SCTP is not forwarded by this cluster, only TCP and UDP are`]
      : [],
  );
}
