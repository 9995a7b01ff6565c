/** Answers to whose a token is. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/ */
import type { TokenReview } from '@slipway/kube/api.generated';
import { StatusError } from '@slipway/kube/status-error';
import { ownAudiences, type ServiceAccountTokens } from './service-account-tokens.ts';

/** A token that is none is an answer too. Without audiences it is asked whether the token is for this server. */
export async function answerTokenReview(
  asked: TokenReview,
  tokens: Pick<ServiceAccountTokens, 'review'>,
): Promise<TokenReview> {
  const { token = '', audiences = [] } = asked.spec;
  if (token === '') throw new StatusError('BadRequest', 'token is required for TokenReview in authentication');
  const found = await tokens.review(token, audiences.length === 0 ? ownAudiences : audiences);
  if (found.identity === undefined) return { ...asked, status: { user: {}, error: describe(found.fault) } };
  const { user: username, uid, groups, extra } = found.identity;
  const user = { username, ...(uid === undefined ? {} : { uid }), groups, ...(extra ? { extra } : {}) };
  return { ...asked, status: { authenticated: true, user, audiences: found.audiences } };
}

/** Kubernetes asks two after each other: one knows its own token alone, and the other one says what is wrong. */
function describe(fault: string | undefined): string {
  return fault === undefined ? 'invalid bearer token' : `[invalid bearer token, ${fault}]`;
}
