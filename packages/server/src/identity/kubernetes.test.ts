import type { PolicyRule } from '@slipway/kube/api.generated';
import { clusterRoleBindings, clusterRoles, roleBindings, serviceAccounts } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const shop = '/api/v1/namespaces/default/applications/shop';
const group = 'slipway.dev';

const rules: Readonly<Record<string, PolicyRule>> = {
  view: { verbs: ['get'], apiGroups: [group], resources: ['applications'] },
  change: { verbs: ['update'], apiGroups: [group], resources: ['applications'] },
  command: { verbs: ['create'], apiGroups: [group], resources: ['releasecommands'] },
  everything: { verbs: ['*'], apiGroups: [group], resources: ['*'] },
};

describe('who has a token of the cluster', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    for (const [name, rule] of Object.entries(rules))
      await server.cluster.client.create(clusterRoles, { metadata: { name }, rules: [rule] });
  });
  afterAll(() => server.stop());

  const bind = async (name: string, role: string, everywhere: boolean): Promise<void> => {
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
    const subjects = [{ kind: 'ServiceAccount', name, namespace: 'default' }];
    const metadata = { name: `${name}-${role}` };
    const { client } = server.cluster;
    if (everywhere) await client.create(clusterRoleBindings, { metadata, roleRef, subjects });
    else await client.create(roleBindings, { metadata: { ...metadata, namespace: 'default' }, roleRef, subjects });
  };

  /** A token of a new account that may in its namespace what the roles allow. */
  const account = async (name: string, roles: readonly string[], everywhere = false): Promise<string> => {
    const { client, api } = server.cluster;
    const { metadata } = await client.create(serviceAccounts, { metadata: { name, namespace: 'default' } });
    for (const role of roles) await bind(name, role, everywhere);
    const { token } = await api.tokens.issue({
      namespace: 'default',
      account: { name, uid: metadata.uid ?? '' },
      bound: {},
      audiences: ['https://kubernetes.default.svc.cluster.local'],
      expirationSeconds: 86_400,
    });
    return token;
  };

  const command = (token: string) => server.call('POST', `${shop}/commands`, { token, body: { verb: 'abort' } });

  it('is who he is there', async () => {
    const token = await account('somebody', []);
    const { status, body } = await server.call('GET', '/api/v1/session', { token });
    expect({ status, body }).toEqual({
      status: 200,
      body: { name: 'system:serviceaccount:default:somebody', source: 'kubernetes' },
    });
    expect((await server.call('GET', shop, { token })).status).toBe(403);
    expect((await server.call('GET', '/api/v1/applications', { token })).body.items).toEqual([]);
  });

  it('sees what he may read there, and changes nothing', async () => {
    const token = await account('viewer', ['view']);
    expect((await server.call('GET', shop, { token })).status).toBe(200);
    expect((await server.call('GET', '/api/v1/applications', { token })).body.items).toHaveLength(1);
    expect((await command(token)).status).toBe(403);
  });

  it('operates where he may both change applications and give commands', async () => {
    expect((await command(await account('changer', ['view', 'change']))).status).toBe(403);
    const token = await account('operator', ['view', 'change', 'command']);
    expect((await command(token)).status).toBe(202);
    const { body } = await server.call('GET', '/api/v1/audit?limit=1');
    expect(body.items[0]).toMatchObject({ principal: 'system:serviceaccount:default:operator', outcome: '202' });
    expect((await server.call('GET', '/api/v1/tokens', { token })).status).toBe(403);
  });

  it('is an admin of the server where he may everything with its kinds in all namespaces', async () => {
    const within = await account('lord', ['everything']);
    expect((await server.call('GET', '/api/v1/tokens', { token: within })).status).toBe(403);
    const token = await account('admin', ['everything'], true);
    expect((await server.call('GET', '/api/v1/tokens', { token })).status).toBe(200);
    expect((await server.call('GET', shop, { token })).status).toBe(200);
  });

  it('loses here, within seconds, what is taken away there', async () => {
    const token = await account('leaver', ['view']);
    expect((await server.call('GET', shop, { token })).status).toBe(200);
    await server.cluster.client.delete(roleBindings, { namespace: 'default', name: 'leaver-view' });
    await server.cluster.advance(11_000);
    expect((await server.call('GET', shop, { token })).status).toBe(403);
    await server.cluster.client.delete(serviceAccounts, { namespace: 'default', name: 'leaver' });
    await server.cluster.advance(11_000);
    expect((await server.call('GET', shop, { token })).status).toBe(401);
  });

  it('logs a browser in for an hour at most, and passes no login on', async () => {
    const token = await account('browser', ['view']);
    const login = await server.call('POST', '/api/v1/session', { token: '', body: { token } });
    expect(login.status).toBe(201);
    const headers = { cookie: (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
    expect((await server.call('GET', shop, { token: '', headers })).status).toBe(200);
    expect((await server.call('POST', '/api/v1/session/links', { token })).status).toBe(403);
    expect(Date.parse(login.body.expiresAt) - server.cluster.clock.now()).toBeLessThanOrEqual(3_600_000);
  });

  it('is nobody with what is no token', async () => {
    for (const token of ['opaque', 'a.b.c', 'e30.e30.e30'])
      expect((await server.call('GET', shop, { token })).status).toBe(401);
  });
});
