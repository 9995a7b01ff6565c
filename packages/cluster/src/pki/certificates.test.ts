import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCertificates, type ClusterCertificates } from './certificates.ts';
import { DamagedFileError } from './damaged-file-error.ts';

const names = ['127.0.0.1', '::1', '2001:db8::8:800:200c:417a', 'localhost', 'kubernetes.default.svc'];
const day = 24 * 60 * 60_000;

describe('the certificates of a cluster', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'slipway-pki-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const load = (now = Date.now()): Promise<ClusterCertificates> => loadCertificates({ directory, now, names });

  it('are an authority and two certificates that it has signed', async () => {
    const { authority, server, admin } = await load();
    const root = new X509Certificate(authority);
    expect(root).toMatchObject({ ca: true, subject: 'CN=slipway-ca', issuer: 'CN=slipway-ca' });
    expect(root.verify(root.publicKey)).toBe(true);
    for (const { certificate, key } of [server, admin]) {
      const leaf = new X509Certificate(certificate);
      expect(leaf.ca).toBe(false);
      expect(leaf.verify(root.publicKey)).toBe(true);
      expect(leaf.checkIssued(root)).toBe(true);
      expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    }
  });

  it('name the server by addresses and hosts, and the administrator by group and name', async () => {
    const { server, admin } = await load();
    const leaf = new X509Certificate(server.certificate);
    expect(names.map((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)))).toEqual([
      '127.0.0.1',
      '::1',
      '2001:db8::8:800:200c:417a',
      'localhost',
      'kubernetes.default.svc',
    ]);
    expect(leaf.checkHost('example.com')).toBeUndefined();
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    const client = new X509Certificate(admin.certificate);
    expect(client.subject).toBe('O=system:masters\nCN=kubernetes-admin');
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('let a client and a server trust each other, and nobody else', async () => {
    const [ours, theirs] = [
      await load(),
      await loadCertificates({ directory: `${directory}/b`, now: Date.now(), names }),
    ];
    const { authority: ca, server: own } = ours;
    const server = createServer({
      ca,
      cert: own.certificate,
      key: own.key,
      requestCert: true,
      rejectUnauthorized: true,
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const accepted = once(server, 'secureConnection');
    const socket = connect({ host: '127.0.0.1', port, ca, cert: ours.admin.certificate, key: ours.admin.key });
    const [connection]: TLSSocket[] = await accepted;
    expect(connection?.getPeerCertificate().subject).toEqual({ O: 'system:masters', CN: 'kubernetes-admin' });
    socket.destroy();
    const stranger = connect({ host: '127.0.0.1', port, ca: theirs.authority });
    const [error]: Error[] = await once(stranger, 'error');
    expect(error?.message).toContain('self-signed');
    server.close();
  });

  it('are kept, and made anew a month before they end or when a name is missing', async () => {
    const now = Date.now();
    const first = await load(now);
    expect(await load(now + 334 * day)).toEqual(first);
    const second = await load(now + 336 * day);
    expect(second.adminToken).not.toBe(first.adminToken);
    expect(Date.parse(new X509Certificate(second.authority).validTo)).toBeGreaterThan(now + 700 * day);
    const wider = await loadCertificates({ directory, now: now + 337 * day, names: [...names, 'other.example'] });
    expect(new X509Certificate(wider.server.certificate).checkHost('other.example')).toBe('other.example');
  });

  describe('that are damaged are told of and kept as they are:', () => {
    const flipped = (text: string): string => text.replace(/(?<=PRIVATE KEY-----\\n.{60}).{3}/, 'AAA');

    it.each([
      { name: 'nothing', damage: () => '' },
      { name: 'the beginning', damage: (text: string) => text.slice(0, 1_500) },
      { name: 'no object', damage: () => 'null' },
      { name: 'a format and nothing else', damage: () => '{"format":1}' },
      { name: 'another key', damage: flipped },
      { name: 'no token', damage: (text: string) => text.replace('adminToken', 'adminTaken') },
      { name: 'another authority', damage: async (text: string) => withAuthority(text, await loadOther()) },
    ])('$name', async ({ damage }) => {
      await load();
      const file = join(directory, 'certificates.json');
      const damaged = await damage(await readFile(file, 'utf8'));
      await writeFile(file, damaged);
      await expect(load()).rejects.toThrow(DamagedFileError);
      await expect(load()).rejects.toThrow(
        /certificates\.json is damaged: .*\. Restore it from a copy, or delete it: /,
      );
      expect(await readFile(file, 'utf8')).toBe(damaged);
    });

    const loadOther = () => loadCertificates({ directory: join(directory, 'other'), now: Date.now(), names });

    function withAuthority(text: string, { authority }: ClusterCertificates): string {
      return JSON.stringify({ ...JSON.parse(text), authority });
    }

    it('and nothing of a key is cited', async () => {
      await load();
      const file = join(directory, 'certificates.json');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.slice(text.indexOf('PRIVATE KEY-----') + 30));
      const error = await load().catch((caught: unknown) => caught);
      expect(inspect(error)).toContain('it is not JSON');
      expect(inspect(error)).not.toContain(text.slice(text.indexOf('PRIVATE KEY-----') + 30).slice(0, 5));
    });
  });

  it('of another format are made anew', async () => {
    await writeFile(join(directory, 'certificates.json'), '{"format":2}');
    expect((await load()).authority).toContain('BEGIN CERTIFICATE');
  });
});
