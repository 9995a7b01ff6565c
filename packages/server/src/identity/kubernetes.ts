/** Logins of the cluster: who sends a token of Kubernetes may here what he may there. */
import { createHash } from 'node:crypto';
import { applications } from '@slipway/delivery/api/application';
import { releaseApprovals } from '@slipway/delivery/api/release-approval';
import { releaseCommands } from '@slipway/delivery/api/release-command';
import type { ResourceAttributes, SubjectAccessReview, TokenReview } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { ResourceType } from '@slipway/kube/object';
import { isStatusReason } from '@slipway/kube/status-error';
import { BriefCache } from './brief-cache.ts';
import type { Issuer } from './identify-bearer.ts';
import type { Identity, Permission } from './principal.ts';

export type KubernetesIdentity = Extract<Identity, { readonly source: 'kubernetes' }>;

export interface KubernetesAccess extends Issuer {
  /** Without a namespace: in all of them. */
  may(identity: KubernetesIdentity, permission: Permission, namespace?: string): Promise<boolean>;
}

interface Means {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the cluster is asked about: all of it has to be allowed. */
export const reviewedAccess: Readonly<Record<Permission, readonly ResourceAttributes[]>> = {
  view: [{ verb: 'get', group: applications.group, resource: applications.plural }],
  operate: [
    { verb: 'update', group: applications.group, resource: applications.plural },
    { verb: 'create', group: releaseCommands.group, resource: releaseCommands.plural },
  ],
  approve: [{ verb: 'create', group: releaseApprovals.group, resource: releaseApprovals.plural }],
  admin: [{ verb: '*', group: applications.group, resource: '*' }],
};

const tokenReviews: ResourceType<TokenReview> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
};
const accessReviews: ResourceType<SubjectAccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
};

/** A right that is taken away counts here for so long. */
const lifetimeMilliseconds = 10_000;
const maximumTokens = 1_000;
const maximumAnswers = 10_000;
/** A login that begins with such a token is over then, whatever the token says: the cluster is not asked about it again. */
const longestLoginMilliseconds = 3_600_000;

export function createKubernetesAccess(means: Means): KubernetesAccess {
  const { clock } = means;
  const tokens = new BriefCache<Identity | undefined>({ clock, lifetimeMilliseconds, maximumEntries: maximumTokens });
  const answers = new BriefCache<boolean>({ clock, lifetimeMilliseconds, maximumEntries: maximumAnswers });
  const ask = (identity: KubernetesIdentity, attributes: ResourceAttributes): Promise<boolean> =>
    answers.get(JSON.stringify([identity, attributes]), () => reviewAccess(means, identity, attributes));
  const allows = async (identity: KubernetesIdentity, permission: Permission, namespace: object): Promise<boolean> => {
    const asked = reviewedAccess[permission].map((attributes) => ask(identity, { ...attributes, ...namespace }));
    return (await Promise.all(asked)).every(Boolean);
  };
  return {
    // Its tokens may have any form.
    isMeant: () => true,
    identify: async (token) => {
      // Tokens are nowhere kept as they are.
      const key = createHash('sha256').update(token).digest('hex');
      const identity = await tokens.get(key, () => reviewToken(means, token));
      return identity && { identity, expiresAt: clock.now() + longestLoginMilliseconds };
    },
    // Most who may, may everywhere: one answer then does for every namespace.
    may: async (identity, permission, namespace) =>
      (await allows(identity, permission, {})) ||
      (namespace !== undefined && (await allows(identity, permission, { namespace }))),
  };
}

async function reviewToken({ client, logger }: Means, token: string): Promise<Identity | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } };
  const { status } = await client.create(tokenReviews, review).catch((error: unknown) => {
    // Anybody can send something that looks like a token; that this server may not ask is for its log.
    if (!isStatusReason(error, 'Forbidden')) throw error;
    logger.warn('no right to review tokens of the cluster: nobody logs in with one', { error });
    return { status: undefined };
  });
  const { authenticated, user: { username = '', groups = [], uid, extra } = {} } = status ?? {};
  if (authenticated !== true || username === '') return undefined;
  return { source: 'kubernetes', name: username, groups, uid, extra };
}

async function reviewAccess(
  { client }: Means,
  { name, groups, uid, extra }: KubernetesIdentity,
  resourceAttributes: ResourceAttributes,
): Promise<boolean> {
  const spec = { user: name, groups, uid, extra, resourceAttributes };
  const { status } = await client.create(accessReviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec,
  });
  return status?.allowed === true && status.denied !== true;
}
