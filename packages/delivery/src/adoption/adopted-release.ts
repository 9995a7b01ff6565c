/** The first version of an Application that has adopted a Deployment: it runs already, and only has to be written down. */
import type { ReplicaSet } from '@slipway/kube/api.generated';
import type { AdoptedVersion, Release } from '../api/release.ts';
import { askedOf } from '../asked.ts';
import { annotations, labels } from '../names.ts';
import { newRelease } from '../new-release.ts';
import type { Observation } from '../observation.ts';
import { isSameContent, withoutOwn } from './template.ts';

export interface Found {
  readonly release: Release;
  /** `Kind/name` of what its template refers to and nobody has read yet: the record would name no copy of it. */
  readonly unread: readonly string[];
}

/** Undefined where there is none to write, or its ReplicaSet has not been seen. */
export function adoptedRelease(observation: Observation): Found | undefined {
  const set = isUnrecorded(observation) ? observation.replicaSets.find(isTaken) : undefined;
  const version = set?.metadata.annotations?.[annotations.version];
  return set === undefined || version === undefined ? undefined : recordOf(observation, set, version);
}

function isUnrecorded({ application, workload, releases }: Observation): boolean {
  return workload?.state === 'adopted' && releases.length === 0 && application.status?.serving === undefined;
}

function recordOf(observation: Observation, set: ReplicaSet, version: string): Found {
  const name = set.metadata.labels?.[labels.release] ?? '';
  const own = set.spec?.template ?? {};
  const given = observation.application.spec.template ?? {};
  // What every container is given besides by the Application, its pods have not.
  const { environmentFrom: _, ...others } = observation.application.spec;
  const spec = { ...others, template: isSameContent(own, given) ? given : withoutOwn(own) };
  const application = { ...observation.application, spec };
  const asked = askedOf({ ...observation, application });
  return {
    release: newRelease(application, { version, name, asked, adopted: adoptedVersion(set) }),
    unread: asked.unread,
  };
}

function isTaken({ metadata }: ReplicaSet): boolean {
  return metadata.annotations?.[annotations.takenFrom] !== undefined && metadata.labels?.[labels.release] !== undefined;
}

/** What the record of that name says of where it ran before; undefined where its ReplicaSet is of our making. */
export function findAdopted({ replicaSets }: Observation, name: string): AdoptedVersion | undefined {
  const set = replicaSets.find((each) => isTaken(each) && each.metadata.labels?.[labels.release] === name);
  return set === undefined ? undefined : adoptedVersion(set);
}

function adoptedVersion({ metadata: { name = '', annotations: notes } }: ReplicaSet): AdoptedVersion {
  return { deployment: notes?.[annotations.deploymentName] ?? '', replicaSet: name };
}
