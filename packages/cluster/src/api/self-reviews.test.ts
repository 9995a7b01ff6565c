import type { KubeObject } from '@slipway/kube/object';
import { describe, expect, it } from 'vitest';
import { adminIdentity, type Identity } from './authorization.ts';
import { answerReview } from './self-reviews.ts';

const guest: Identity = { user: 'guest', groups: ['system:authenticated'] };
const now = Date.UTC(2026, 0, 1);

function question(kind: string, spec: object): KubeObject {
  return { kind, metadata: {}, ...{ spec } };
}

const canCreate = question('SelfSubjectAccessReview', { resourceAttributes: { verb: 'create', resource: 'pods' } });

describe('what a caller asks about himself', () => {
  it.each([
    { name: 'an administrator may', identity: adminIdentity, allowed: true },
    { name: 'somebody who is only known may not', identity: guest, allowed: false },
  ])('$name', ({ identity, allowed }) => {
    expect(answerReview(canCreate, identity, now)).toMatchObject({ status: { allowed } });
  });

  it.each([
    { name: 'nothing', spec: {} },
    { name: 'two things', spec: { resourceAttributes: {}, nonResourceAttributes: {} } },
  ])('cannot be about $name', ({ spec }) => {
    expect(() => answerReview(question('SelfSubjectAccessReview', spec), guest, now)).toThrow(
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  });

  it('may be his rules', () => {
    const asked = question('SelfSubjectRulesReview', { namespace: 'default' });
    expect(answerReview(asked, adminIdentity, now)).toMatchObject({
      status: { resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] },
    });
    expect(answerReview(asked, guest, now)).toMatchObject({ status: { resourceRules: [], nonResourceRules: [] } });
  });

  it('may be who he is', () => {
    expect(answerReview(question('SelfSubjectReview', {}), guest, now)).toMatchObject({
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      status: { userInfo: { username: 'guest', groups: ['system:authenticated'] } },
    });
  });
});
