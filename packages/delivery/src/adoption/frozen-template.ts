/**
 * Pods of a version that was adopted read their configuration where they always did, and go on. Pods to come of it, as those
 * of a rollback, are to have what it had: the template of its ReplicaSet is pointed at the copies, which restarts nothing.
 */
import type { PodTemplateSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Release } from '../api/release.ts';
import { renameReferences, toCopies } from '../configuration/references.ts';
import { viewOf, type Observation } from '../observation.ts';
import type { Action } from '../plan.ts';
import { nameOf } from '../release-context.ts';

export function planFrozenTemplates(observation: Observation): readonly Action[] {
  const { workload } = observation;
  // One that is being ejected is to be as it was.
  if (workload?.state !== 'adopted') return [];
  return observation.releases.flatMap((release) => {
    const template = viewOf(observation, release).replicaSet?.spec?.template;
    const isOpen = template !== undefined && !isSameJson(withCopies(release, template), template);
    return isOpen ? [{ type: 'freezeTemplate', release: nameOf(release) }] : [];
  });
}

/** As it is where the version was not adopted, or refers to nothing that is frozen. */
export function withCopies({ spec }: Release, template: PodTemplateSpec): PodTemplateSpec {
  return spec.adopted === undefined || spec.frozen === undefined
    ? template
    : renameReferences(template, toCopies(spec));
}
