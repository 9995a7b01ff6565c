import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { TransportResponse } from '@slipway/kube/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import { adminIdentity, anonymous, type Identity } from '../authorization.ts';
import { applyDefaultPolicy } from '../rbac/reconcile-policy.ts';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
  await applyDefaultPolicy(cluster.client);
});

afterAll(() => cluster.close());

const account: Identity = {
  user: 'system:serviceaccount:default:default',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
};

function ask(path: string, identity: Identity = account): Promise<TransportResponse> {
  const headers = { host: '127.0.0.1:6443' };
  return cluster.api.handle({ method: 'GET', path, query: new URLSearchParams(), headers }, identity);
}

async function read(path: string): Promise<unknown> {
  const { body } = await ask(path);
  if (body.kind !== 'bytes') throw new Error(`${path} is no document`);
  return JSON.parse((await buffer(body.chunks)).toString());
}

async function token(): Promise<string> {
  const { body } = await cluster.api.handle(
    {
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts/default/token',
      query: new URLSearchParams(),
      headers: {},
      body: { json: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } },
    },
    adminIdentity,
  );
  const value: unknown = body.kind === 'json' ? body.value : undefined;
  return (value as { readonly status: { readonly token: string } }).status.token;
}

describe('the issuer of tokens', () => {
  it('says who it is and where its keys are', async () => {
    expect(await read('/.well-known/openid-configuration')).toMatchObject({
      issuer: 'https://kubernetes.default.svc.cluster.local',
      jwks_uri: 'https://127.0.0.1:6443/openid/v1/jwks',
      id_token_signing_alg_values_supported: ['ES256'],
    });
  });

  it('is found where each caller has found it, which nobody keeps for others', async () => {
    const cacheControl = async (path: string): Promise<unknown> => (await ask(path)).headers['cache-control'];
    expect(await cacheControl('/.well-known/openid-configuration')).toBe('no-store');
    expect(await cacheControl('/openid/v1/jwks')).toBe('public, max-age=3600');
  });

  it('publishes the key by which its tokens are verified, and not the one that signs them', async () => {
    const { keys } = (await read('/openid/v1/jwks')) as { readonly keys: readonly (JsonWebKey & { kid: string })[] };
    const [header = '', payload = '', signature = ''] = (await token()).split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { readonly kid: string };
    const published = keys.find((key) => key.kid === kid) ?? {};
    expect(Object.keys(published).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const key = createPublicKey({ key: published, format: 'jwk' });
    const signed = Buffer.from(`${header}.${payload}`);
    expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
  });

  it('tells service accounts, and nobody who has said nothing', async () => {
    expect((await ask('/openid/v1/jwks')).headers['content-type']).toBe('application/jwk-set+json');
    expect((await ask('/openid/v1/jwks', anonymous)).status).toBe(403);
  });
});
