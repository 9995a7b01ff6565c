import type { PolicyRule } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { describe, expect, it } from 'vitest';
import { answerReview } from './access-reviews.ts';
import { adminIdentity, type Grants, type Identity } from './authorization.ts';

const guest: Identity = { user: 'guest', groups: ['system:authenticated'] };
const now = Date.UTC(2026, 0, 1);

const readPods: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['web'] };
const grants: Grants = {
  *of({ user }, namespace) {
    if (user === 'reader' && namespace === 'default') yield { kind: 'rule', rule: readPods, source: 'a binding' };
    if (user === 'lost') yield { kind: 'fault', message: 'no such role' };
  },
};

function question(kind: string, spec: object): KubeObject {
  return { kind, metadata: {}, ...{ spec } };
}

function answerTo(asked: KubeObject, identity: Identity, namespace?: string): KubeObject {
  return answerReview(asked, { identity, namespace, now, grants });
}

const canCreate = question('SelfSubjectAccessReview', { resourceAttributes: { verb: 'create', resource: 'pods' } });

describe('what a caller asks about himself', () => {
  it.each([
    { name: 'an administrator may', identity: adminIdentity, allowed: true },
    { name: 'somebody who is only known may not', identity: guest, allowed: false },
  ])('$name', ({ identity, allowed }) => {
    expect(answerTo(canCreate, identity)).toMatchObject({ status: { allowed } });
  });

  it.each([
    { name: 'nothing', spec: {}, message: 'exactly one of nonResourceAttributes or resourceAttributes must be' },
    {
      name: 'two things',
      spec: { resourceAttributes: {}, nonResourceAttributes: {} },
      message: 'cannot be specified in combination with resourceAttributes',
    },
  ])('cannot be about $name', ({ spec, message }) => {
    expect(() => answerTo(question('SelfSubjectAccessReview', spec), guest)).toThrow(message);
  });

  it('may be his rules', () => {
    const asked = question('SelfSubjectRulesReview', { namespace: 'default' });
    expect(answerTo(asked, adminIdentity)).toMatchObject({
      status: { resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], incomplete: false },
    });
    expect(answerTo(asked, guest)).toMatchObject({ status: { resourceRules: [], nonResourceRules: [] } });
    expect(answerTo(asked, { user: 'reader', groups: [] })).toMatchObject({ status: { resourceRules: [readPods] } });
    expect(answerTo(asked, { user: 'lost', groups: [] })).toMatchObject({
      status: { incomplete: true, evaluationError: 'no such role' },
    });
  });

  it('may be who he is', () => {
    expect(answerTo(question('SelfSubjectReview', {}), { ...guest, uid: '1', extra: { a: ['b'] } })).toMatchObject({
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      status: { userInfo: { username: 'guest', uid: '1', groups: ['system:authenticated'], extra: { a: ['b'] } } },
    });
  });
});

describe('what a caller asks about others', () => {
  const read = { verb: 'get', resource: 'pods', namespace: 'default', name: 'web' };

  it('is answered with what allows it', () => {
    const asked = question('SubjectAccessReview', { user: 'reader', resourceAttributes: read });
    expect(answerTo(asked, adminIdentity)).toMatchObject({
      status: { allowed: true, reason: 'RBAC: allowed by a binding' },
    });
  });

  it('is answered with what kept it from being allowed', () => {
    const asked = question('SubjectAccessReview', { user: 'lost', resourceAttributes: read });
    expect(answerTo(asked, adminIdentity)).toMatchObject({ status: { allowed: false, reason: 'RBAC: no such role' } });
  });

  it.each([
    { name: 'names nobody', spec: { resourceAttributes: read }, message: 'at least one of user or group' },
    {
      name: 'leaves its namespace',
      spec: { user: 'reader', resourceAttributes: { ...read, namespace: 'other' } },
      message: 'must match metadata.namespace',
    },
    {
      name: 'is about paths, which have no namespace',
      spec: { user: 'reader', nonResourceAttributes: { path: '/', verb: 'get' } },
      message: 'disallowed on this kind of request',
    },
  ])('is refused when it $name', ({ spec, message }) => {
    expect(() => answerTo(question('LocalSubjectAccessReview', spec), adminIdentity, 'default')).toThrow(message);
  });
});
