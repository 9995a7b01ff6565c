import type { KubeObject, ResourceType } from '@slipway/kube/object';

/**
 * That somebody agrees to a release. Immutable; plain RBAC on `create` decides who may. The controller copies it to the
 * Release and prunes it.
 */
export interface ReleaseApproval extends KubeObject {
  readonly spec: ReleaseApprovalSpec;
}

interface ReleaseApprovalSpec {
  readonly application: string;
  /** Name of the Release. */
  readonly release: string;
  /** Name of the hook that waits for it. */
  readonly hook: string;
  readonly reason?: string | undefined;
  /** Shown as claimed. */
  readonly approvedBy?: string | undefined;
}

export const releaseApprovals: ResourceType<ReleaseApproval> = {
  group: 'slipway.dev',
  version: 'v1alpha1',
  kind: 'ReleaseApproval',
  plural: 'releaseapprovals',
  namespaced: true,
};
