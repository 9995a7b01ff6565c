/** What of the objects that are applied together a version of one of them freezes. Pure. */
import type { Application } from '@slipway/delivery/api/application';
import { referencesOf } from '@slipway/delivery/asked';
import { contentHash, isLive } from '@slipway/delivery/configuration/content';
import { referenceKey } from '@slipway/delivery/configuration/references';
import type { KubeObject } from '@slipway/kube/object';

/** Hash of the content, by `Kind/name`. `applied` is as the API server gave it back. */
export function frozenOf(application: Application, applied: readonly KubeObject[]): ReadonlyMap<string, string> {
  const { metadata, spec } = application;
  const live = new Set(spec.configuration?.live);
  return new Map(
    referencesOf(spec).flatMap((reference) => {
      const { kind, name } = reference;
      const source = applied.find(
        (object) =>
          object.kind === kind && object.metadata.name === name && object.metadata.namespace === metadata.namespace,
      );
      return source === undefined || live.has(name) || isLive(source)
        ? []
        : [[referenceKey(reference), contentHash(source)] as const];
    }),
  );
}
