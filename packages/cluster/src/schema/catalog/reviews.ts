/** What callers ask about themselves: `kubectl auth whoami` and `kubectl auth can-i`. */
import type { SelfSubjectAccessReview, SelfSubjectReview, SelfSubjectRulesReview } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { define } from '../entry.ts';
import { pathSegment } from '../names.ts';

function reviewType<T extends KubeObject>(group: string, kind: string): ResourceType<T> {
  return { group, version: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced: false };
}

export const selfSubjectReview = define<SelfSubjectReview>({
  type: reviewType('authentication.k8s.io', 'SelfSubjectReview'),
  schemaType: 'io.k8s.api.authentication.v1.SelfSubjectReview',
  nameRule: pathSegment,
  isReview: true,
});

export const selfSubjectAccessReview = define<SelfSubjectAccessReview>({
  type: reviewType('authorization.k8s.io', 'SelfSubjectAccessReview'),
  schemaType: 'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  nameRule: pathSegment,
  isReview: true,
});

export const selfSubjectRulesReview = define<SelfSubjectRulesReview>({
  type: reviewType('authorization.k8s.io', 'SelfSubjectRulesReview'),
  schemaType: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  nameRule: pathSegment,
  isReview: true,
});
