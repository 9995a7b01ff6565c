/** Variables of a namespace in the cluster: a ConfigMap, and a Secret for those that are secret. */
import { environmentName } from '@slipway/delivery/api/environment';
import type { ConfigMap, Secret } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isSameJson } from '@slipway/kube/json-equality';
import { keyOf, type ResourceType } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { absentAsUndefined, isStatusReason } from '@slipway/kube/status-error';
import { namesEtag } from '../http/entity-tags.ts';
import { Problem, type FieldFault } from '../http/problem.ts';
import { changeVariables, type Values, type VariableChange, type Variables } from './variables.ts';

export interface Kept {
  readonly variables: Variables;
  readonly etag: string;
}

interface Objects {
  readonly settings: ConfigMap | undefined;
  readonly secret: Secret | undefined;
}

const fieldManager = 'slipway-server';
/** Others write meanwhile. */
const maximumAttempts = 10;

export async function readVariables(client: KubeClient, namespace: string): Promise<Kept> {
  return keptIn(await readObjects(client, namespace));
}

export interface ChangeRequest {
  readonly namespace: string;
  readonly change: VariableChange;
  /** What is there has this ETag, or is there at all: `*`. */
  readonly ifMatch?: string | undefined;
}

/** Rejects with every fault that the change would have, each with its place. */
export async function writeVariables(client: KubeClient, request: ChangeRequest): Promise<Kept> {
  for (let attempt = 1; ; attempt += 1) {
    const objects = await readObjects(client, request.namespace);
    const before = keptIn(objects);
    requireMatch(before, request.ifMatch);
    const { after, faults } = changeVariables(before.variables, request.change);
    if (faults.length > 0) throw refusal(faults);
    try {
      return keptIn(await writeObjects(client, objects, { before: before.variables, after, ...request }));
    } catch (error) {
      if (attempt === maximumAttempts || !isStatusReason(error, 'Conflict', 'AlreadyExists', 'NotFound')) throw error;
      // Its namespace is not there.
      if (isStatusReason(error, 'NotFound') && objects.settings === undefined && objects.secret === undefined)
        throw error;
    }
  }
}

function requireMatch({ etag }: Kept, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === etag || (etag !== nothing && namesEtag(ifMatch, etag, 'strong'))) return;
  throw new Problem(412, 'the variables have changed since: read them again, and send their new ETag as If-Match');
}

function refusal(faults: readonly FieldFault[]): Problem {
  const detail = faults.map(({ message }) => message).join('; ');
  return new Problem(422, `the variables cannot be as they would be: ${detail}`, {
    errors: faults.map(({ field, message }) => ({ field: `body/variables/${field}`.replace(/\/$/, ''), message })),
  });
}

interface Step {
  readonly namespace: string;
  readonly before: Variables;
  readonly after: Variables;
}

/** What becomes secret, or ceases to be, is in both for a moment: a version that begins just then has it. */
async function writeObjects(
  client: KubeClient,
  objects: Objects,
  { namespace, before, after }: Step,
): Promise<Objects> {
  const leaving = Object.entries(before.plain).filter(([name]) => Object.hasOwn(after.secret, name));
  const metadata = { namespace, name: environmentName };
  const putSettings = (current: ConfigMap | undefined, data: Values) =>
    put(client, configMaps, { current, wanted: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } });
  const meanwhile = await putSettings(objects.settings, { ...Object.fromEntries(leaving), ...after.plain });
  const secret = await put(client, secrets, {
    current: objects.secret,
    wanted: { apiVersion: 'v1', kind: 'Secret', metadata, data: encode(after.secret) },
  });
  return { secret, settings: await putSettings(meanwhile, after.plain) };
}

interface Putting<T> {
  /** As it was read: what others have written since is a conflict. */
  readonly current: T | undefined;
  readonly wanted: T & { readonly data: Values };
}

/** Where nothing is left the object goes. */
async function put<T extends ConfigMap | Secret>(
  client: KubeClient,
  type: ResourceType<T>,
  { current, wanted }: Putting<T>,
): Promise<T | undefined> {
  const isEmpty = Object.keys(wanted.data).length === 0;
  if (current === undefined) return isEmpty ? undefined : await client.create(type, wanted, { fieldManager });
  if (isEmpty) {
    const { uid, resourceVersion } = current.metadata;
    await client.delete(type, keyOf(current), { preconditions: { uid, resourceVersion } });
    return undefined;
  }
  if (isSameJson(current.data ?? {}, wanted.data)) return current;
  return await client.update(type, { ...current, data: wanted.data }, { fieldManager });
}

async function readObjects(client: KubeClient, namespace: string): Promise<Objects> {
  const key = { namespace, name: environmentName };
  const [settings, secret] = await Promise.all([
    absentAsUndefined(client.get(configMaps, key)),
    absentAsUndefined(client.get(secrets, key)),
  ]);
  return { settings, secret };
}

const nothing = '"none"';

function keptIn({ settings, secret }: Objects): Kept {
  const hidden = decode(secret?.data ?? {});
  const plain = Object.entries(settings?.data ?? {}).filter(([name]) => !Object.hasOwn(hidden, name));
  const versions = [settings, secret].map((object) => object?.metadata.resourceVersion ?? '0');
  return {
    variables: { plain: Object.fromEntries(plain), secret: hidden },
    etag: settings === undefined && secret === undefined ? nothing : `"${versions.join('-')}"`,
  };
}

function encode(values: Values): Values {
  return mapValues(values, (value) => Buffer.from(value).toString('base64'));
}

function decode(values: Values): Values {
  return mapValues(values, (value) => Buffer.from(value, 'base64').toString());
}

function mapValues(values: Values, map: (value: string) => string): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
