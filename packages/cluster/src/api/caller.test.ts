import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createMemoryCluster } from '../../testing/memory-cluster.ts';
import { adminIdentity } from './authorization.ts';
import { callerOf } from './caller.ts';

const pair = { certificate: '', key: '' };
const certificates = { authority: '', server: pair, admin: pair, adminToken: 'the right one' };
const inProtocol = `base64url.bearer.authorization.k8s.io.${Buffer.from('the right one').toString('base64url')}, v4.base64.channel.k8s.io`;

async function callers(
  requests: readonly { readonly authorization: string; readonly protocol?: string }[],
  socket = new Socket(),
) {
  const { api, close } = await createMemoryCluster();
  const answers = await Promise.allSettled(
    requests.map(async ({ authorization, protocol }) => {
      const headers: Record<string, string> = protocol === undefined ? {} : { 'sec-websocket-protocol': protocol };
      const content = Buffer.alloc(0);
      const { signal } = new AbortController();
      const received = {
        method: 'GET',
        target: '/',
        headers,
        authorization,
        impersonation: {},
        content,
        socket,
        signal,
      };
      return callerOf(received, { api, certificates });
    }),
  );
  await close();
  return answers;
}

const admin = { status: 'fulfilled', value: adminIdentity };
const unauthorized = { status: 'rejected', reason: { reason: 'Unauthorized' } };

describe('who asks on a connection', () => {
  it('has to say so with each request, however often it has been proven', async () => {
    const [right, wrong] = [{ authorization: 'Bearer the right one' }, { authorization: 'Bearer another' }];
    const [first, again, other, back, none] = await callers([right, right, wrong, right, { authorization: '' }]);
    expect([first, again, other, back]).toMatchObject([admin, admin, unauthorized, admin]);
    expect(none).toMatchObject({ value: { user: 'system:anonymous' } });
  });

  it('has not proven what stood beside the protocol that held the token', async () => {
    const [held, alone] = await callers([
      { authorization: 'Basic abc', protocol: inProtocol },
      { authorization: 'Basic abc' },
    ]);
    expect(held).toMatchObject(admin);
    expect(alone).toMatchObject({ value: { user: 'system:anonymous' } });
  });

  it('is whom the certificate of the connection names, and known by its fingerprint', async () => {
    const socket = new TLSSocket(new Socket());
    const certificate = { subject: { CN: 'jane', O: ['dev', 'ops'] }, fingerprint256: 'AB:01:EF' };
    Object.assign(socket, { authorized: true, getPeerCertificate: () => certificate });
    const [caller] = await callers([{ authorization: '' }], socket);
    socket.destroy();
    expect(caller).toEqual({
      status: 'fulfilled',
      value: {
        user: 'jane',
        groups: ['dev', 'ops', 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab01ef'] },
      },
    });
  });
});
