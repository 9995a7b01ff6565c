/** Answers to what callers ask about themselves. */
import { formatTime } from '@slipway/kube/clock';
import type { KubeObject } from '@slipway/kube/object';
import { invalid } from '../schema/faults.ts';
import { isJsonObject, type JsonObject } from '../schema/shape.ts';
import { invalidObject } from './api-errors.ts';
import { mayDoEverything, type Identity } from './authorization.ts';

export function answerReview(asked: KubeObject, identity: Identity, now: number): KubeObject {
  switch (asked.kind) {
    case 'SelfSubjectAccessReview':
      requireOneSubject(asked);
      return withStatus(asked, { allowed: mayDoEverything(identity) });
    case 'SelfSubjectRulesReview':
      return withStatus(asked, rulesOf(identity));
    default: {
      const { user, groups } = identity;
      const known = { ...asked, metadata: { creationTimestamp: formatTime(now) } };
      return withStatus(known, { userInfo: { username: user, groups } });
    }
  }
}

function withStatus(asked: KubeObject, status: JsonObject): KubeObject {
  return { ...asked, ...{ status } };
}

const subjects = ['resourceAttributes', 'nonResourceAttributes'];

function requireOneSubject(asked: KubeObject): void {
  const spec: unknown = new Map<string, unknown>(Object.entries(asked)).get('spec');
  const named = isJsonObject(spec) ? subjects.filter((name) => spec[name] !== undefined) : [];
  if (named.length === 1) return;
  const type = { group: 'authorization.k8s.io', plural: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview' };
  const message = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  throw invalidObject(type, asked.metadata.name ?? '', [invalid('spec', spec, message)]);
}

function rulesOf(identity: Identity): JsonObject {
  const all = ['*'];
  return mayDoEverything(identity)
    ? {
        resourceRules: [{ verbs: all, apiGroups: all, resources: all }],
        nonResourceRules: [{ verbs: all, nonResourceURLs: all }],
        incomplete: false,
      }
    : { resourceRules: [], nonResourceRules: [], incomplete: false };
}
