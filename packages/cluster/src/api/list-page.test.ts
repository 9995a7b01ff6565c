import type { KubeObject } from '@slipway/kube/object';
import { configMaps, namespaces } from '@slipway/kube/resources';
import type { Status } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { adminIdentity } from './authorization.ts';

const path = '/api/v1/namespaces/default/configmaps';

let cluster: MemoryCluster;

beforeEach(async () => {
  // Bootstrapping fits into the ring; a test that wants compaction writes more than this.
  cluster = await createMemoryCluster({ store: new MemoryStore({ ring: { maxEvents: 60, maxSize: 1_000_000 } }) });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name);
});

afterEach(() => cluster.close());

function create(name: string, namespace = 'default'): Promise<KubeObject> {
  return cluster.client.create(configMaps, { metadata: { name, namespace, labels: { name } }, data: { of: 'then' } });
}

interface Listed {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly (KubeObject & { readonly data?: object })[];
}

async function get(query: Readonly<Record<string, string>>, at = path): Promise<Listed & Status> {
  const request = { method: 'GET', path: at, query: new URLSearchParams(query), headers: {} };
  const { body } = await cluster.api.handle(request, adminIdentity);
  if (body.kind !== 'json') throw new Error(`expected JSON, got ${body.kind}`);
  return JSON.parse(JSON.stringify(body.value));
}

function names({ items }: Listed): readonly (string | undefined)[] {
  return items.map(({ metadata }) => metadata.name);
}

async function change(): Promise<void> {
  await cluster.client.delete(configMaps, { namespace: 'default', name: 'd' });
  await cluster.client.update(configMaps, {
    metadata: { name: 'e', namespace: 'default' },
    ...{ data: { of: 'later' } },
  });
  await create('cc');
}

async function forgetEverything(): Promise<void> {
  for (let index = 0; index < 61; index++) await create(`z${index}`);
}

function tokenOf(token: object): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

describe('pages', () => {
  it('show one moment, whatever happens between them', async () => {
    const first = await get({ limit: '3' });
    expect(names(first)).toEqual(['a', 'b', 'c']);
    expect(first.metadata.remainingItemCount).toBe(2);
    await change();
    const second = await get({ limit: '1', continue: first.metadata.continue ?? '' });
    expect(second.items).toMatchObject([{ metadata: { name: 'd' } }]);
    expect(second.metadata).toMatchObject({
      resourceVersion: first.metadata.resourceVersion,
      remainingItemCount: 1,
    });
    const third = await get({ limit: '1', continue: second.metadata.continue ?? '' });
    expect(third.items).toMatchObject([{ metadata: { name: 'e' }, data: { of: 'then' } }]);
    expect(third.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
  });

  it('go on across namespaces', async () => {
    await cluster.client.create(namespaces, { metadata: { name: 'aaa' } });
    await create('x', 'aaa');
    const first = await get({ limit: '1' }, '/api/v1/configmaps');
    expect(names(first)).toEqual(['x']);
    const rest = await get({ continue: first.metadata.continue ?? '' }, '/api/v1/configmaps');
    expect(names(rest)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('go on over objects without a namespace', async () => {
    const first = await get({ limit: '1' }, '/api/v1/namespaces');
    const rest = await get({ continue: first.metadata.continue ?? '' }, '/api/v1/namespaces');
    expect([...names(first), ...names(rest)]).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  });

  it('of a selection are full as long as there is enough, and do not count what is left', async () => {
    const first = await get({ limit: '2', labelSelector: 'name in (a,d,e)' });
    expect(names(first)).toEqual(['a', 'd']);
    expect(first.metadata.remainingItemCount).toBeUndefined();
    const rest = await get({ continue: first.metadata.continue ?? '', labelSelector: 'name in (a,d,e)' });
    expect(names(rest)).toEqual(['e']);
  });

  it('whose moment is forgotten are refused with a token for the rest as it is now', async () => {
    const first = await get({ limit: '3' });
    await change();
    await forgetEverything();
    const refused = await get({ limit: '2', continue: first.metadata.continue ?? '' });
    expect(refused).toMatchObject({ kind: 'Status', reason: 'Expired', code: 410 });
    expect(refused.message).toMatch(
      /^The provided continue parameter is too old to display a consistent list result\./,
    );
    expect(refused.message).toMatch(/now may show up in the list\.$/);
    const rest = await get({ limit: '2', continue: refused.metadata.continue ?? '' });
    expect(names(rest)).toEqual(['cc', 'e']);
    expect(rest.metadata.resourceVersion).toBe(String(cluster.store.revision));
  });

  it.each([
    ['is no token', 'ab!', 'illegal base64 data at input byte 2'],
    ['ends too early', 'abcde', 'illegal base64 data at input byte 4'],
    ['holds no JSON', 'abcd', 'it holds no JSON'],
    ['is a list', tokenOf([]), 'json: cannot unmarshal array into Go value of type storage.continueToken'],
    [
      'has a text for a version',
      tokenOf({ v: 'meta.k8s.io/v1', rv: '1', start: 'a' }),
      'json: cannot unmarshal string into Go struct field continueToken.rv of type int64',
    ],
    [
      'is of another server',
      tokenOf({ v: 'v9', rv: 1, start: 'a' }),
      'server does not recognize this encoded version v9',
    ],
    [
      'has no version',
      tokenOf({ v: 'meta.k8s.io/v1', start: 'a' }),
      'incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    ],
    ['has no start', tokenOf({ v: 'meta.k8s.io/v1', rv: 1 }), 'encoded start key empty (version meta.k8s.io/v1)'],
    ['leaves the collection', tokenOf({ v: 'meta.k8s.io/v1', rv: 1, start: '../x' }), '../x'],
  ])('are refused for a token that %s', async (_, token, why) => {
    const refused = await get({ continue: token });
    expect(refused).toMatchObject({ reason: 'BadRequest', code: 400 });
    expect(refused.message).toBe(`invalid continue token: continue key is not valid: ${why}`);
  });
});

describe('the version of a list', () => {
  it('is kept exactly where that is asked for', async () => {
    const resourceVersion = String(cluster.store.revision);
    await change();
    for (const query of [{ resourceVersionMatch: 'Exact' }, { limit: '9' }]) {
      const list = await get({ resourceVersion, ...query });
      expect(names(list)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(list.metadata.resourceVersion).toBe(resourceVersion);
    }
  });

  it('is the newest where a minimum is asked for', async () => {
    const resourceVersion = String(cluster.store.revision);
    await change();
    for (const query of [{ resourceVersionMatch: 'NotOlderThan', limit: '9' }, {}]) {
      const list = await get({ resourceVersion, ...query });
      expect(names(list)).toEqual(['a', 'b', 'c', 'cc', 'e']);
      expect(list.metadata.resourceVersion).toBe(String(cluster.store.revision));
    }
  });

  it('is refused when it is forgotten', async () => {
    const resourceVersion = String(cluster.store.revision);
    await forgetEverything();
    expect(await get({ resourceVersion, resourceVersionMatch: 'Exact' })).toMatchObject({
      reason: 'Expired',
      code: 410,
      message: 'The resourceVersion for the provided list is too old.',
    });
  });

  it.each([{}, { resourceVersionMatch: 'Exact' }, { resourceVersionMatch: 'NotOlderThan' }, { limit: '1' }])(
    'is refused when it is still to come: %o',
    async (query) => {
      const { revision } = cluster.store;
      expect(await get({ resourceVersion: String(revision + 5), ...query })).toMatchObject({
        reason: 'Timeout',
        code: 504,
        message: `Timeout: Too large resource version: ${revision + 5}, current: ${revision}`,
        details: {
          causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
          retryAfterSeconds: 1,
        },
      });
    },
  );

  it('of a single object that is still to come is refused too', async () => {
    const resourceVersion = String(cluster.store.revision + 1);
    expect(await get({ resourceVersion }, `${path}/a`)).toMatchObject({ reason: 'Timeout' });
  });

  it('that may be any is answered without pages', async () => {
    expect(names(await get({ resourceVersion: '0', limit: '1' }))).toHaveLength(5);
  });

  it.each([
    [
      { resourceVersionMatch: 'Exact' },
      'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    [
      { resourceVersionMatch: 'Exact', resourceVersion: '0' },
      'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      { resourceVersionMatch: 'Newest', resourceVersion: '1' },
      'Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""',
    ],
    [
      { resourceVersionMatch: 'Exact', resourceVersion: '1', continue: 'x' },
      'Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ],
  ])('is asked for in a way that exists: %o', async (query, why) => {
    expect(await get(query)).toMatchObject({
      reason: 'Invalid',
      code: 422,
      message: `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: ${why}`,
    });
  });

  it.each([
    [{ limit: 'many' }, 'strconv.ParseInt: parsing "many": invalid syntax'],
    [{ limit: '9223372036854775808' }, 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
    [{ timeoutSeconds: 'x' }, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [{ watch: 'true', timeoutSeconds: '1.5' }, 'strconv.ParseInt: parsing "1.5": invalid syntax'],
    [{ resourceVersion: 'x' }, /^invalid resource version: resourceVersion: Invalid value: "x"/],
  ])('and limits are numbers: %o', async (query, message) => {
    const answer = await get(query);
    expect(answer.code).toBe(400);
    expect(answer.message).toMatch(message);
  });

  it('may not be named beside a token', async () => {
    const { metadata } = await get({ limit: '1' });
    expect(await get({ continue: metadata.continue ?? '', resourceVersion: metadata.resourceVersion })).toMatchObject({
      code: 400,
      message: 'specifying resource version is not allowed when using continue',
    });
  });
});

it('a watch does not ask for a match without initial events', async () => {
  expect(await get({ watch: 'true', resourceVersionMatch: 'NotOlderThan' })).toMatchObject({
    reason: 'Invalid',
    message:
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
  });
});
