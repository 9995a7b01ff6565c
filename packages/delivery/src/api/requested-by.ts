/**
 * Who asks for what a spec says, as whoever writes it claims. It is for that one change: a later one, by somebody who says
 * nothing, has another generation.
 */
import type { ObjectMeta } from '@slipway/kube/api.generated';

export const requestedByAnnotation = 'slipway.dev/requested-by';
/** The generation that the change makes. */
export const requestedGenerationAnnotation = 'slipway.dev/requested-generation';

/** As long as an annotation of ours may be that anybody may write. */
const maximumLength = 253;

export interface Request {
  readonly by: string;
  readonly generation: number;
}

export function withRequest<T extends ObjectMeta>(metadata: T, { by, generation }: Request): T {
  const annotations = {
    ...metadata.annotations,
    [requestedByAnnotation]: by.slice(0, maximumLength),
    [requestedGenerationAnnotation]: String(generation),
  };
  return { ...metadata, annotations };
}

/** Of the change that spec holds now; undefined: nobody has said. */
export function requestOf({ annotations = {}, generation }: ObjectMeta): Request | undefined {
  const by = annotations[requestedByAnnotation]?.slice(0, maximumLength) ?? '';
  if (by === '' || annotations[requestedGenerationAnnotation] !== String(generation)) return undefined;
  return { by, generation: generation ?? 0 };
}

/** What is there now stays with it: who applies an object without it would take it away. */
export function keepRequest(metadata: ObjectMeta, before: ObjectMeta | undefined): ObjectMeta {
  const kept = [requestedByAnnotation, requestedGenerationAnnotation].flatMap((name) => {
    const value = before?.annotations?.[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return kept.length === 0
    ? metadata
    : { ...metadata, annotations: { ...metadata.annotations, ...Object.fromEntries(kept) } };
}

export interface Claim {
  /** As it is in the cluster; undefined: it is not there. */
  readonly before: ObjectMeta | undefined;
  /** As it would be, by a dry run. */
  readonly tried: ObjectMeta;
  readonly by: string;
}

/** For metadata that is to be applied: who asked is another one where spec changes, and stays where it does not. */
export function claimRequest(metadata: ObjectMeta, { before, tried, by }: Claim): ObjectMeta {
  const { generation = 1 } = tried;
  return before?.generation === generation ? keepRequest(metadata, before) : withRequest(metadata, { by, generation });
}
