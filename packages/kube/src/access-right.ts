/** Whether whoever asks may do something: asked before it is done, or where it was refused and the reason may be another. */
import type { SelfSubjectAccessReview } from './api.generated.ts';
import type { KubeClient } from './client.ts';
import type { ResourceType } from './object.ts';

export interface AccessRight {
  readonly verb: string;
  readonly type: ResourceType;
  /** Absent: in the whole cluster. */
  readonly namespace?: string | undefined;
}

const reviews: ResourceType<SelfSubjectAccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
};

export async function isRightHeld(
  client: Pick<KubeClient, 'create'>,
  { verb, type, namespace }: AccessRight,
  signal?: AbortSignal,
): Promise<boolean> {
  const resourceAttributes = { verb, group: type.group, resource: type.plural, ...(namespace && { namespace }) };
  const review = { metadata: {}, spec: { resourceAttributes } };
  const { status } = await client.create(reviews, review, { signal });
  return status?.allowed === true;
}
