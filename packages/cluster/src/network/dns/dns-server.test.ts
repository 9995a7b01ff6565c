import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint, Service } from '@slipway/kube/api.generated';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { askStream } from './ask-stream.ts';
import { DnsServer } from './dns-server.ts';
import { serveForwarding, type ForwardServer } from './forward-server.ts';
import { encodeAnswer, encodeQuestion, parseQuestion, recordTypes } from './message.ts';

const web = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: { clusterIP: '10.9.0.7', ports: [{ name: 'http', port: 80 }] },
};
const many = { metadata: { name: 'many', namespace: 'shop' }, spec: { clusterIP: 'None' } };
const away: Service = {
  metadata: { name: 'away', namespace: 'shop' },
  spec: { type: 'ExternalName', externalName: 'far.example' },
};
const near: Service = {
  metadata: { name: 'near', namespace: 'shop' },
  spec: { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' },
};
const gone: Service = {
  metadata: { name: 'gone', namespace: 'shop' },
  spec: { type: 'ExternalName', externalName: 'gone.example' },
};
const endpoints: Endpoint[] = Array.from({ length: 100 }, (_, index) => ({ addresses: [`10.8.0.${index + 1}`] }));

/** The resolver of the machine, of which everything but one name has one address. */
let upstream: Socket;
let forwarding: ForwardServer;
let server: DnsServer;
let address: string;
let port: number;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-dns-'));
  upstream = createSocket('udp4');
  upstream.bind(0, '127.0.0.1');
  await once(upstream, 'listening');
  upstream.on('message', (message, { port: from, address: host }) => {
    const question = parseQuestion(message);
    if (question === undefined) return;
    const answers = [{ name: question.name, seconds: 60, type: 'A' as const, address: '192.0.2.9' }];
    const answer =
      question.name === 'gone.example' ? ({ code: 3, answers: [] } as const) : ({ code: 0, answers } as const);
    upstream.send(encodeAnswer(message, question, answer), from, host);
  });
  await writeFile(join(folder, 'resolv.conf'), 'search example.net\n# nobody\nnameserver 127.0.0.1\n');
  const socketPath = join(folder, 'dns.sock');
  const resolvConf = join(folder, 'resolv.conf');
  forwarding = await serveForwarding({ socketPath, resolvConf, clock: systemClock, port: upstream.address().port });
  server = new DnsServer({
    domain: 'cluster.local',
    logger: silentLogger,
    forward: (message) => askStream({ path: socketPath }, message),
    objects: {
      service: (namespace, name) =>
        namespace === 'shop' ? [web, many, away, near, gone].find(({ metadata }) => metadata.name === name) : undefined,
      slices: (_namespace, name) =>
        name === 'many' ? [{ metadata: { name: 'many-1' }, addressType: 'IPv4', endpoints }] : [],
      hasServices: (namespace) => namespace === 'shop',
      servicesAt: () => [],
    },
  });
  // A port that is free for UDP and TCP alike, on an address that is this test's.
  address = `127.66.${process.pid % 250}.9`;
  port = upstream.address().port;
  await server.listen(address, port);
});

afterAll(async () => {
  server.close();
  await forwarding.close();
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

function resolver(): Resolver {
  const asked = new Resolver({ timeout: 5_000, tries: 2 });
  asked.setServers([`${address}:${port}`]);
  return asked;
}

describe('DnsServer', () => {
  it('answers for the cluster, whatever the case of the letters', async () => {
    expect(await resolver().resolve4('Web.Shop.SVC.cluster.local')).toEqual(['10.9.0.7']);
    expect(await resolver().resolveSrv('_http._tcp.web.shop.svc.cluster.local')).toMatchObject([
      { name: 'web.shop.svc.cluster.local', port: 80 },
    ]);
  });

  it.each([
    ['resolve6', 'web.shop.svc.cluster.local', 'ENODATA'],
    ['resolve4', 'nobody.shop.svc.cluster.local', 'ENOTFOUND'],
    ['resolve4', 'gone.shop.svc.cluster.local', 'ENOTFOUND'],
  ] as const)('%s of %s is %s', async (verb, name, code) => {
    await expect(resolver()[verb](name)).rejects.toMatchObject({ code });
  });

  it('asks the resolvers of the machine for the rest, and for what a name stands for', async () => {
    expect(await resolver().resolve4('example.org')).toEqual(['192.0.2.9']);
    expect(await resolver().resolve4('away.shop.svc.cluster.local')).toEqual(['192.0.2.9']);
  });

  it('says what a name stands for before the address of that, each time: many clients read no other order', async () => {
    for (const id of [1, 2]) {
      const question = encodeQuestion(id, 'near.shop.svc.cluster.local', recordTypes.A);
      const answer = await askStream({ host: address, port }, question);
      // The first record is of the name that was asked for, by a reference to it.
      const reference = Buffer.from([0xc0, 12, 0, recordTypes.CNAME]);
      expect(answer.subarray(question.length, question.length + 4)).toEqual(reference);
      expect(answer.readUInt16BE(6)).toBe(2);
    }
  });

  it('says by UDP that an answer is too long for it, and gives it by TCP, beginning with another each time', async () => {
    const answers = await Promise.all([1, 2].map(() => resolver().resolve4('many.shop.svc.cluster.local')));
    for (const found of answers) expect(new Set(found).size).toBe(100);
    expect(answers[0]?.[0]).not.toBe(answers[1]?.[0]);
  });

  it('answers several questions on one connection, in pieces too', async () => {
    const socket = connect({ host: address, port });
    const question = encodeQuestion(7, 'web.shop.svc.cluster.local', recordTypes.A);
    const framed = Buffer.concat([Buffer.from([0, question.length]), question]);
    const both = Buffer.concat([framed, framed]);
    socket.write(both.subarray(0, 30));
    socket.write(both.subarray(30));
    let received = 0;
    for await (const piece of socket) {
      received += (piece as Buffer).length;
      if (received === 2 * (2 + question.length + 16)) break;
    }
    expect(received).toBe(2 * (2 + question.length + 16));
  });

  it('goes on after what is no question', async () => {
    const socket = createSocket('udp4');
    const loop = encodeQuestion(1, 'a.b', 1);
    loop.writeUInt16BE(0xc00c, 12);
    const wrong = [
      Buffer.alloc(0),
      Buffer.alloc(11),
      Buffer.alloc(12, 0xff),
      loop,
      encodeQuestion(1, 'a', 1).subarray(0, 14),
    ];
    for (const message of wrong) await new Promise((resolve) => socket.send(message, port, address, resolve));
    socket.close();
    expect(await resolver().resolve4('web.shop.svc.cluster.local')).toEqual(['10.9.0.7']);
  });

  it('says that it failed when no resolver answers', async () => {
    await writeFile(join(folder, 'resolv.conf'), '');
    await expect(resolver().resolve4('example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });
});
