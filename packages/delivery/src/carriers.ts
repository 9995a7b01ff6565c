/** Who carries the requests, as spec asks for it and as a Split says it. */
import { foreignRouters, type Carrier, type SplitSpec } from '@slipway/kube/split';
import type { Application } from './api/application.ts';

/** Who carries the requests: without any field, our gateways alone. */
export type Carriers = Pick<SplitSpec, 'through' | 'parentRefs' | 'propagationSeconds' | 'alsoThrough'>;

/** As spec asks for it. */
export function askedCarrier({ spec: { route } }: Application): Carriers {
  const through = foreignRouters.find((name) => name === route?.through);
  return through === undefined
    ? {}
    : { through, parentRefs: route?.parentRefs, propagationSeconds: route?.propagationSeconds };
}

export function carriersIn({ through, parentRefs, propagationSeconds, alsoThrough }: SplitSpec): Carriers {
  return { through, parentRefs, propagationSeconds, alsoThrough };
}

/** Whom spec names, or the split. */
export function mainCarrier({ through }: Carriers): Carrier {
  return through ?? 'gateway';
}
