/** Questions to the server that are answered when they are created: `kubectl auth whoami`, `kubectl auth can-i`, and whose a token is. */
import type { ResourceDefinition } from '../definition.ts';
import { define } from '../entry.ts';
import { pathSegment } from '../names.ts';

interface ReviewForm {
  readonly scope?: 'Namespaced';
  readonly version?: 'v1beta1';
}

function review(group: string, kind: string, { scope, version }: ReviewForm = {}): ResourceDefinition {
  const type = {
    group: `${group}.k8s.io`,
    version: version ?? 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: scope === 'Namespaced',
  };
  return define({ type, schemaType: `io.k8s.api.${group}.v1.${kind}`, nameRule: pathSegment, isReview: true });
}

export const tokenReview = review('authentication', 'TokenReview');
export const selfSubjectReview = review('authentication', 'SelfSubjectReview');
/** As kubectl 1.27 asks; it has the same fields. */
export const selfSubjectReviewV1beta1 = review('authentication', 'SelfSubjectReview', { version: 'v1beta1' });
export const selfSubjectAccessReview = review('authorization', 'SelfSubjectAccessReview');
export const selfSubjectRulesReview = review('authorization', 'SelfSubjectRulesReview');
export const subjectAccessReview = review('authorization', 'SubjectAccessReview');
export const localSubjectAccessReview = review('authorization', 'LocalSubjectAccessReview', { scope: 'Namespaced' });
