/** Answers to who somebody is and what he may. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { canonicalJson } from '@slipway/kube/hash';
import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import type { Fault } from '../schema/definition.ts';
import { forbidden, invalid } from '../schema/faults.ts';
import { invalidObject } from './api-errors.ts';
import type { Attributes } from './attributes.ts';
import { decide, mayDoEverything, type Grants, type Identity } from './authorization.ts';
import { nodeRules } from './rbac/node-rules.ts';

export interface ReviewContext {
  /** Who asks. */
  readonly identity: Identity;
  /** Of the path; absent for a review of the cluster. */
  readonly namespace: string | undefined;
  readonly now: number;
  readonly grants: Grants;
}

export function answerReview(asked: KubeObject, context: ReviewContext): KubeObject {
  switch (asked.kind) {
    case 'SelfSubjectAccessReview':
      return answerAboutCaller(asked as SelfSubjectAccessReview, context);
    case 'SelfSubjectRulesReview':
      return answerRules(asked as SelfSubjectRulesReview, context);
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview':
      return answerAboutOther(asked as SubjectAccessReview | LocalSubjectAccessReview, context);
    case 'SelfSubjectReview':
      return answerWho(asked, context);
    default:
      throw new StatusError('InternalError', `reviews of kind ${asked.kind ?? ''} are not answered`);
  }
}

function answerWho(asked: SelfSubjectReview, { identity, now }: ReviewContext): SelfSubjectReview {
  const { user, groups, uid, extra } = identity;
  const userInfo = { username: user, ...(uid === undefined ? {} : { uid }), groups, ...(extra ? { extra } : {}) };
  return { ...asked, metadata: { creationTimestamp: formatTime(now) }, status: { userInfo } };
}

function answerAboutCaller(asked: SelfSubjectAccessReview, context: ReviewContext): SelfSubjectAccessReview {
  refuseFaults(asked, oneSubject(asked.spec));
  return { ...asked, status: statusOf(context.identity, attributesIn(asked.spec), context.grants) };
}

type OtherReview = SubjectAccessReview | LocalSubjectAccessReview;

function answerAboutOther(asked: OtherReview, context: ReviewContext): OtherReview {
  const { user = '', groups = [], uid, extra } = asked.spec;
  refuseFaults(asked, [
    ...oneSubject(asked.spec),
    ...(user === '' && groups.length === 0
      ? [invalid('spec.user', user, 'at least one of user or group must be specified')]
      : []),
    ...(context.namespace === undefined ? [] : withinNamespace(asked.spec, context.namespace)),
  ]);
  const identity: Identity = { user, groups, uid, extra };
  return { ...asked, status: statusOf(identity, attributesIn(asked.spec), context.grants) };
}

type Spec = SubjectAccessReview['spec'] | SelfSubjectAccessReview['spec'];

function oneSubject({ resourceAttributes, nonResourceAttributes }: Spec): readonly Fault[] {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const message = 'cannot be specified in combination with resourceAttributes';
    return [invalid('spec.nonResourceAttributes', nonResourceAttributes, message)];
  }
  if (resourceAttributes !== undefined || nonResourceAttributes !== undefined) return [];
  const message = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid('spec.resourceAttributes', null, message)];
}

function withinNamespace({ resourceAttributes, nonResourceAttributes }: Spec, namespace: string): readonly Fault[] {
  if (nonResourceAttributes !== undefined)
    return [forbidden('spec.nonResourceAttributes', 'disallowed on this kind of request')];
  const asked = resourceAttributes?.namespace ?? '';
  return asked === namespace
    ? []
    : [invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace')];
}

function refuseFaults(asked: KubeObject, faults: readonly Fault[]): void {
  const kind = asked.kind ?? '';
  const type = { group: 'authorization.k8s.io', plural: `${kind.toLowerCase()}s`, kind };
  if (faults.length > 0) throw invalidObject(type, asked.metadata.name ?? '', faults);
}

/** Of a version nothing depends; a name that is not given is every name. */
function attributesIn({ resourceAttributes, nonResourceAttributes }: Spec): Attributes {
  if (resourceAttributes === undefined) {
    const { verb = '', path = '' } = nonResourceAttributes ?? {};
    return { kind: 'path', verb, path };
  }
  const { verb = '', group = '', resource = '', subresource = '', namespace = '', name = '' } = resourceAttributes;
  return { kind: 'resource', verb, group, resource, subresource, namespace, name };
}

function statusOf(identity: Identity, asked: Attributes, grants: Grants): SubjectAccessReview['status'] {
  const { isAllowed, reason } = decide(identity, asked, grants);
  return { allowed: isAllowed, ...(reason === '' ? {} : { reason }) };
}

function answerRules(asked: SelfSubjectRulesReview, { identity, grants }: ReviewContext): SelfSubjectRulesReview {
  const { namespace = '' } = asked.spec;
  if (namespace === '') throw new StatusError('BadRequest', 'no namespace on request');
  return { ...asked, status: rulesOf(identity, grants, namespace) };
}

function rulesOf(identity: Identity, grants: Grants, namespace: string): SelfSubjectRulesReview['status'] {
  const all = ['*'];
  const held = [...grants.of(identity, namespace)];
  const rules = [
    ...(mayDoEverything(identity) ? [{ verbs: all, apiGroups: all, resources: all }] : []),
    ...(mayDoEverything(identity) ? [{ verbs: all, nonResourceURLs: all }] : []),
    ...(identity.groups.includes('system:nodes') ? nodeRules : []),
    ...held.flatMap((grant) => (grant.kind === 'rule' ? [grant.rule] : [])),
  ];
  const distinct = [...new Map(rules.map((rule) => [canonicalJson(rule), rule])).values()];
  const faults = held.flatMap((grant) => (grant.kind === 'fault' ? [grant.message] : []));
  return {
    resourceRules: distinct.flatMap(({ verbs, apiGroups, resources, resourceNames }) =>
      resources === undefined ? [] : [{ verbs, apiGroups, resources, ...(resourceNames ? { resourceNames } : {}) }],
    ),
    nonResourceRules: distinct.flatMap(({ verbs, nonResourceURLs }) =>
      nonResourceURLs === undefined ? [] : [{ verbs, nonResourceURLs }],
    ),
    incomplete: faults.length > 0,
    ...(faults.length === 0 ? {} : { evaluationError: faults.join(', ') }),
  };
}
