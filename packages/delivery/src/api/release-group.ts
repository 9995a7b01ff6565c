import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type { DeliveryCondition } from './condition.ts';

/** Applications of one namespace that are released together: each takes traffic when those before it have all of theirs. */
export interface ReleaseGroup extends KubeObject {
  readonly spec: ReleaseGroupSpec;
  readonly status?: ReleaseGroupStatus | undefined;
}

interface ReleaseGroupSpec {
  /** Names of Applications, in the order in which they take traffic. */
  readonly members: readonly string[];
  /** One that goes back takes all with it that are being released, the last one first. Default false. */
  readonly abortTogether?: boolean | undefined;
}

export interface ReleaseGroupStatus {
  readonly observedGeneration?: number | undefined;
  readonly phase?: string | undefined;
  readonly waitingFor?: string | undefined;
  /** `2/3`: members that have what their specs ask for in front of their users. */
  readonly released?: string | undefined;
  readonly members?: readonly MemberStatus[] | undefined;
  readonly conditions?: readonly DeliveryCondition[] | undefined;
}

export interface MemberStatus {
  readonly name: string;
  /** Of the Application; `Missing` where there is none. */
  readonly phase: string;
  /** That is being released, or else serves. */
  readonly version?: string | undefined;
  readonly waitingFor?: string | undefined;
}

export const releaseGroups: ResourceType<ReleaseGroup> = {
  group: 'slipway.dev',
  version: 'v1alpha1',
  kind: 'ReleaseGroup',
  plural: 'releasegroups',
  namespaced: true,
};
