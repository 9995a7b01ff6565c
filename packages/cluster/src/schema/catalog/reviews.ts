/** Questions to the server that are answered when they are created: `kubectl auth whoami`, `kubectl auth can-i`, and whose a token is. */
import type { ResourceDefinition } from '../definition.ts';
import { define } from '../entry.ts';
import { pathSegment } from '../names.ts';

function review(group: string, kind: string, scope?: 'Namespaced'): ResourceDefinition {
  const type = {
    group: `${group}.k8s.io`,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: scope === 'Namespaced',
  };
  return define({ type, schemaType: `io.k8s.api.${group}.v1.${kind}`, nameRule: pathSegment, isReview: true });
}

export const tokenReview = review('authentication', 'TokenReview');
export const selfSubjectReview = review('authentication', 'SelfSubjectReview');
export const selfSubjectAccessReview = review('authorization', 'SelfSubjectAccessReview');
export const selfSubjectRulesReview = review('authorization', 'SelfSubjectRulesReview');
export const subjectAccessReview = review('authorization', 'SubjectAccessReview');
export const localSubjectAccessReview = review('authorization', 'LocalSubjectAccessReview', 'Namespaced');
