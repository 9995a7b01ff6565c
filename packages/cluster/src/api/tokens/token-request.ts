/** `serviceaccounts/token`: a token for the account. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
import type { Pod } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { nodes, pods, secrets } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import type { Fault } from '../../schema/definition.ts';
import { invalid } from '../../schema/faults.ts';
import { schemaNode } from '../../schema/schema-data.ts';
import { isJsonObject, shapeObject, type JsonObject } from '../../schema/shape.ts';
import { invalidObject } from '../api-errors.ts';
import { isDryRun } from '../dry-run.ts';
import { storeKey } from '../object-key.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { requireOwnPod, requireSameObject, type BoundReference } from './node-restriction.ts';
import { ownAudiences, type IssuedToken, type TokenOrder } from './service-account-tokens.ts';
import type { Bound, NamedObject } from './token-claims.ts';

const type = { group: 'authentication.k8s.io', plural: 'tokenrequests', kind: 'TokenRequest' };
const apiVersion = 'authentication.k8s.io/v1';
const schemaType = 'io.k8s.api.authentication.v1.TokenRequest';

const minimumSeconds = 10 * 60;
const maximumSeconds = 2 ** 32;
const usualSeconds = 60 * 60;

interface AskedToken {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly boundObjectRef: BoundReference | undefined;
}

export async function requestToken(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const { name, namespace = '' } = at.path;
  const account = at.resources.get({ definition: at.definition, namespace, name });
  const asked = readAsked(request);
  const faults = validate(asked);
  if (faults.length > 0) throw invalidObject(type, '', faults);
  const { expirationSeconds, boundObjectRef } = asked;
  requireOwnPod(boundObjectRef, at, (bound, boundName) => find(bound, boundName, at));
  const audiences = asked.audiences.length === 0 ? ownAudiences : asked.audiences;
  const bound = boundTo(boundObjectRef, at);
  const order = { namespace, account: named(account), bound, audiences, expirationSeconds };
  const { token, expiresAt } = isDryRun(request) ? triedToken(order, at) : await at.tokens.issue(order);
  const value = {
    kind: type.kind,
    apiVersion,
    metadata: { name, namespace, creationTimestamp: formatTime(at.clock.now()) },
    spec: { audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
    status: { token, expirationTimestamp: formatTime(expiresAt) },
  };
  return { status: 201, headers: {}, body: { kind: 'json', value } };
}

/** A token is nothing but its words: one that is only tried must not be written down, or it could be used. */
function triedToken({ expirationSeconds }: TokenOrder, { clock }: ResourceRequest): IssuedToken {
  return { token: '', expiresAt: clock.now() + expirationSeconds * 1_000 };
}

function readAsked({ body }: TransportRequest): AskedToken {
  const json = body !== undefined && 'json' in body ? body.json : undefined;
  if (!isJsonObject(json) || (json['kind'] ?? type.kind) !== type.kind)
    throw new StatusError('BadRequest', `a request for a token needs a body of kind ${type.kind} of ${apiVersion}`);
  const { spec } = shapeObject(json, schemaNode(schemaType), { kind: type.kind, version: 'v1' }).object;
  const given: JsonObject = isJsonObject(spec) ? spec : {};
  const { audiences, expirationSeconds, boundObjectRef } = given;
  return {
    audiences: Array.isArray(audiences) ? audiences.map(String) : [],
    expirationSeconds: typeof expirationSeconds === 'number' ? expirationSeconds : usualSeconds,
    boundObjectRef: isJsonObject(boundObjectRef) ? readReference(boundObjectRef) : undefined,
  };
}

function readReference(reference: JsonObject): BoundReference {
  const text = (field: string): string => String(reference[field] ?? '');
  return { apiVersion: text('apiVersion'), kind: text('kind'), name: text('name'), uid: text('uid') };
}

function validate({ expirationSeconds }: AskedToken): readonly Fault[] {
  const field = 'spec.expirationSeconds';
  if (expirationSeconds < minimumSeconds)
    return [invalid(field, expirationSeconds, 'may not specify a duration less than 10 minutes')];
  if (expirationSeconds > maximumSeconds)
    return [invalid(field, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

const boundTypes: Readonly<Record<string, ResourceType>> = { Pod: pods, Secret: secrets, Node: nodes };

function boundTo(reference: BoundReference | undefined, at: ResourceRequest): Bound {
  if (reference === undefined) return {};
  const { apiVersion: version, kind, name } = reference;
  const bound = version === 'v1' && Object.hasOwn(boundTypes, kind) ? boundTypes[kind] : undefined;
  if (bound === undefined)
    throw new StatusError(
      'BadRequest',
      `cannot bind token for serviceaccount to type ${version} ${kind}; expected v1 Pod, Secret or Node`,
    );
  const object = find(bound, name, at);
  requireSameObject(reference, { type: bound, found: object });
  switch (kind) {
    case 'Pod':
      return boundToPod(object, at);
    case 'Secret':
      return { secret: named(object) };
    default:
      return { node: named(object) };
  }
}

function boundToPod(pod: Pod, at: ResourceRequest): Bound {
  const account = at.path.name;
  if (pod.spec?.serviceAccountName !== account)
    throw new StatusError(
      'BadRequest',
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    );
  const nodeName = pod.spec.nodeName ?? '';
  const stored = nodeName === '' ? undefined : at.resources.store.get(storeKey(nodes, undefined, nodeName));
  return {
    pod: named(pod),
    ...(stored === undefined ? {} : { node: named(at.resources.cache.parse(stored)) }),
  };
}

function find(bound: ResourceType, name: string, at: ResourceRequest): KubeObject {
  const definition = at.catalog.find(bound.group, bound.version, bound.plural);
  if (definition === undefined) throw new StatusError('InternalError', `${bound.plural} are not served`);
  return at.resources.get({ definition, namespace: bound.namespaced ? at.path.namespace : undefined, name });
}

function named({ metadata: { name = '', uid = '' } }: KubeObject): NamedObject {
  return { name, uid };
}
