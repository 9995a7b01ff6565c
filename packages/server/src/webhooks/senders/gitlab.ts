/**
 * https://docs.gitlab.com/user/project/integrations/webhook_events/ for pushes. Its container registry tells of images as
 * plain distribution does: https://docs.gitlab.com/administration/packages/container_registry/#configure-container-registry-notifications
 */
import { fieldAt, requireText } from '../json-fields.ts';
import {
  type Headers,
  hasSecretHeader,
  headerOf,
  isAuthorized,
  isSignedByStandard,
  signingTokenOf,
  standardSignature,
} from '../verify.ts';
import { readEnvelope } from './distribution.ts';
import { pushedCommit } from './pushed.ts';
import { ignore, type Sender } from './sender.ts';

export const gitlab: Sender = {
  brings: ['image', 'commit'],
  secretGoes: 'token',
  insists: (headers) =>
    (headerOf(headers, 'content-type') ?? '').startsWith('application/vnd.docker.distribution.events'),
  signingToken: signingTokenOf,
  // Whoever signs is believed by the signature alone. Of the others both are asked, so that neither answers sooner.
  isGenuine: (message, secret) =>
    message.headers[standardSignature] === undefined
      ? [hasSecretHeader(message, secret, 'x-gitlab-token'), isAuthorized(message, secret)].includes(true)
      : isSignedByStandard(message, secret),
  // Of a message that is signed the signature covers one name alone: any other could be a new one each time.
  deliveryOf: (headers) =>
    headers[standardSignature] === undefined
      ? (headerOf(headers, 'idempotency-key') ?? headerOf(headers, 'x-gitlab-event-uuid'))
      : headerOf(headers, 'webhook-id'),
  read: (body, headers) => {
    if (fieldAt(body, 'events') !== undefined) return readEnvelope(body);
    const kind = requireText(body, 'object_kind');
    if (kind !== 'push') return ignore(`"${kind.slice(0, 100)}" is no push to a branch`);
    return pushedCommit({
      repository: requireText(body, 'project', 'git_http_url'),
      ref: requireText(body, 'ref'),
      commit: requireText(body, 'after'),
      at: timeOf(headers),
    });
  },
};

/** Of a message that is signed: in seconds. */
function timeOf(headers: Headers): number | undefined {
  const seconds = Number(headerOf(headers, 'webhook-timestamp') ?? Number.NaN);
  return Number.isSafeInteger(seconds) ? seconds * 1_000 : undefined;
}
