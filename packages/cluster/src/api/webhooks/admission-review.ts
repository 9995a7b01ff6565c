/** What webhooks are asked, and what they answer. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request */
import { apiVersionOf } from '@slipway/kube/object';
import { statusCodes, StatusError, type StatusReason } from '@slipway/kube/status-error';
import type { ResourceDefinition } from '../../schema/definition.ts';
import { isJsonObject, type JsonObject } from '../../schema/shape.ts';
import type { ExternalWrite, SentObject } from '../external-admission.ts';

export interface ReviewRequest {
  readonly uid: string;
  /** `v1` or `v1beta1`. */
  readonly version: string;
  readonly write: ExternalWrite;
  readonly object: SentObject | undefined;
  /** The version in which it is told of the object. */
  readonly definition: ResourceDefinition;
}

/** The `request` of a review, which conditions may read too. */
export function reviewRequest({ uid, write, object, definition }: Omit<ReviewRequest, 'version'>): JsonObject {
  const { identity, operation, namespace, subresource, sent, old, dryRun, options } = write;
  const { group, version, kind, plural: resource } = definition.type;
  const names = { kind: sent ?? { group, version, kind }, resource: { group, version, resource } };
  const { user: username, groups, uid: userUid, extra } = identity;
  const name = object?.metadata?.name ?? write.name;
  return {
    uid,
    ...names,
    requestKind: names.kind,
    requestResource: names.resource,
    ...(subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    operation,
    userInfo: { username, groups, ...(userUid === undefined ? {} : { uid: userUid }), ...(extra ? { extra } : {}) },
    object: object ?? null,
    oldObject: old ?? null,
    dryRun,
    options,
  };
}

export function reviewOf(request: ReviewRequest): JsonObject {
  return {
    kind: 'AdmissionReview',
    apiVersion: apiVersionOf({ group: 'admission.k8s.io', version: request.version }),
    request: reviewRequest(request),
  };
}

export interface ReviewAnswer {
  /** Why not; absent: it is allowed. */
  readonly denial: StatusError | undefined;
  /** Operations of a JSON patch. */
  readonly patch: unknown;
  readonly warnings: readonly string[];
}

/** Throws an `Error` for what is no answer. */
export function readAnswer(
  body: unknown,
  { uid, version, webhook }: ReviewRequest & { readonly webhook: string },
): ReviewAnswer {
  if (!isJsonObject(body) || body['kind'] !== 'AdmissionReview')
    throw new Error('received invalid webhook response: expected an AdmissionReview');
  const expected = apiVersionOf({ group: 'admission.k8s.io', version });
  if (body['apiVersion'] !== expected)
    throw new Error(`received invalid webhook response: expected webhook response of ${expected}`);
  const { response } = body;
  if (!isJsonObject(response)) throw new Error('webhook response was absent');
  if (version === 'v1' && response['uid'] !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`);
  const warnings = Array.isArray(response['warnings']) ? response['warnings'].map(String) : [];
  if (response['allowed'] !== true)
    return { denial: denialOf(webhook, response['status']), patch: undefined, warnings };
  return { denial: undefined, patch: readPatch(response), warnings };
}

function readPatch({ patch, patchType }: JsonObject): unknown {
  if (typeof patch !== 'string' || patch === '') return undefined;
  if (patchType !== undefined && patchType !== 'JSONPatch')
    throw new Error(`invalid response.patchType: ${JSON.stringify(patchType)}, expected "JSONPatch"`);
  return JSON.parse(Buffer.from(patch, 'base64').toString());
}

function denialOf(webhook: string, status: unknown): StatusError {
  const { message, reason, code } = isJsonObject(status) ? status : {};
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = [message, reason].find((text): text is string => typeof text === 'string' && text !== '');
  return new StatusError(
    isReason(reason) ? reason : reasonOfCode(code),
    why === undefined ? `${denied} without explanation` : `${denied}: ${why}`,
    { code: typeof code === 'number' && code >= 400 && code < 600 ? code : 400 },
  );
}

function isReason(reason: unknown): reason is StatusReason {
  return typeof reason === 'string' && Object.hasOwn(statusCodes, reason);
}

/** Kubernetes adds the reason of a code that has one alone, and none to a 400 that nobody has named. */
function reasonOfCode(code: unknown): 'Forbidden' | 'Unknown' {
  return code === 403 ? 'Forbidden' : 'Unknown';
}
