/** Values of a descriptor's environment may be credentials: they are kept in a Secret, and the server gives them back to nobody. */
import { createHash } from 'node:crypto';
import type { Secret } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { secrets } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { listEnvironmentSecrets } from './deployment-store.ts';
import { hiddenValue, type Descriptor } from './descriptor.ts';

const label = 'slipway.dev/descriptor-environment';
/** A Secret that nothing refers to may belong to a descriptor that is being written. */
const settlingMilliseconds = 300_000;

interface Asked {
  readonly namespace: string;
  readonly descriptor: Descriptor;
  /** The Secret of the descriptor before, whose values stay where they are sent back hidden. */
  readonly before?: string | undefined;
}

/** Resolves with the name of the Secret that has the values; undefined where there are none. */
export async function keepEnvironment(
  { client, random }: Pick<ServerContext, 'client' | 'random'>,
  { namespace, descriptor, before }: Asked,
): Promise<string | undefined> {
  const entries = Object.entries(descriptor.environment);
  if (entries.length === 0) return undefined;
  const known = before === undefined ? new Map<string, string>() : await readEnvironment(client, namespace, before);
  const unknown = entries.filter(([name, value]) => value === hiddenValue && !known.has(name));
  if (unknown.length > 0)
    throw new Problem(400, `the value of ${unknown.map(([name]) => name).join(', ')} is not known here: send it`, {
      errors: unknown.map(([name]) => ({ field: `body/environment/${name}`, message: 'has no value yet to keep' })),
    });
  const values = entries.map(
    ([name, value]) => [name, value === hiddenValue ? (known.get(name) ?? '') : value] as const,
  );
  const isSame = known.size === values.length && values.every(([name, value]) => known.get(name) === value);
  if (isSame) return before;
  const name = `${descriptor.appName}-environment-${createHash('sha256').update(random(16)).digest('hex').slice(0, 10)}`;
  await client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name, labels: { [label]: 'true' } },
    type: 'Opaque',
    data: Object.fromEntries(values.map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  });
  return name;
}

async function readEnvironment(client: KubeClient, namespace: string, name: string): Promise<Map<string, string>> {
  let secret: Secret;
  try {
    secret = await client.get(secrets, { namespace, name });
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return new Map();
    throw error;
  }
  return new Map(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

/** Removes Secrets of environments that nothing refers to any more. */
export async function sweepEnvironments(
  { client, database, clock }: Pick<ServerContext, 'client' | 'database' | 'clock'>,
  namespace: string,
): Promise<void> {
  const used = await listEnvironmentSecrets(database, namespace);
  const { items } = await client.list(secrets, { namespace, labelSelector: label });
  for (const { metadata } of items) {
    const { name = '', uid, creationTimestamp = '' } = metadata;
    if (used.has(name) || clock.now() - Date.parse(creationTimestamp) < settlingMilliseconds) continue;
    await client.delete(secrets, { namespace, name }, { preconditions: { uid } }).catch((error: unknown) => {
      if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
    });
  }
}
