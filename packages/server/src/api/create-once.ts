/**
 * A request that is sent again under the same Idempotency-Key is the same request: for what becomes an object in the cluster,
 * whose name does it once, and is answered by what has come of that object. For all else see `answer-once.ts`.
 */
import { createHash } from 'node:crypto';
import type { KubeClient } from '@slipway/kube/client';
import { canonicalJson } from '@slipway/kube/hash';
import { isSameJson } from '@slipway/kube/json-equality';
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { isStatusReason } from '@slipway/kube/status-error';
import Type from 'typebox';
import { findRequest, forgetRequests, noteRequest } from '../database/asked-requests.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { identifierOf, type Principal } from '../identity/principal.ts';

/** A key of the caller's own. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
});

export interface Asked {
  /** The object that is asked about. */
  readonly about: string;
  /** What is asked, for who reads the name. */
  readonly what: string;
  readonly key: string | undefined;
  readonly principal: Principal;
  readonly random: ServerContext['random'];
}

const maximumPrefix = 60;

/**
 * The name of the object is what makes it happen once. It is of the caller's key, if he gives one, and of him, so that nobody
 * meets another's; not of what is asked, so that something else under the same key is found out.
 */
export function nameAsked({ about, what, key, principal, random }: Asked): string {
  const source = key === undefined ? random(16) : `${identifierOf(principal.identity)}\n${key}`;
  const suffix = createHash('sha256').update(`${about}\n${source}`).digest('hex').slice(0, 16);
  const prefix = key === undefined ? `${about}-${what}` : about;
  return `${prefix.slice(0, maximumPrefix).replaceAll(/[^a-z0-9-]/g, '-')}-${suffix}`;
}

interface NamedRequest {
  readonly namespace: string;
  readonly name: string;
}

/** Whether just that was asked under that name and granted; rejects with 422 where that was something else. */
export async function wasClaimed(
  { database }: Pick<ServerContext, 'database'>,
  { namespace, name }: NamedRequest,
  asked: object,
): Promise<boolean> {
  const known = await findRequest(database, `${namespace}/${name}`);
  if (known !== undefined && known !== hashOf(asked)) throw otherRequest();
  return known !== undefined;
}

/**
 * Notes what is asked under that name, or rejects with 422 where that was something else. The objects themselves tell only
 * while they are there, and their outcomes less than what was asked.
 */
export async function claimName(
  { database, clock }: Pick<ServerContext, 'database' | 'clock'>,
  { namespace, name }: NamedRequest,
  asked: object,
): Promise<void> {
  const now = clock.now();
  const hash = hashOf(asked);
  await forgetRequests(database, now);
  const noted = await noteRequest(database, { name: `${namespace}/${name}`, hash, now });
  if (noted.hash !== hash) throw otherRequest();
}

function hashOf(asked: object): string {
  return createHash('sha256').update(canonicalJson(asked)).digest('hex');
}

/** Rejects with 422 where something else was asked under its name. */
export async function createOnce<T extends KubeObject & { readonly spec: object }>(
  client: KubeClient,
  type: ResourceType<T>,
  object: T,
): Promise<void> {
  try {
    await client.create(type, object, { fieldManager: 'slipway-server' });
  } catch (error) {
    if (!isStatusReason(error, 'AlreadyExists')) throw error;
    const existing = await find(client, type, object);
    // Gone since: it was carried out.
    if (existing !== undefined && !isSameJson(existing.spec, object.spec)) throw otherRequest(error);
  }
}

async function find<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  object: T,
): Promise<T | undefined> {
  try {
    return await client.get(type, keyOf(object));
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

export function otherRequest(cause?: unknown): Problem {
  return new Problem(422, 'something else was asked under this Idempotency-Key before: give each request its own', {
    errors: [{ field: 'headers/idempotency-key', message: 'belongs to another request' }],
    cause,
  });
}
