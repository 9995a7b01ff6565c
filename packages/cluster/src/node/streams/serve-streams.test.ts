/** Streams as a client on a WebSocket sees them; kubectl speaks SPDY too, in the end-to-end tests. */
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { testPod } from '../../../testing/pod-scenario.ts';
import { newPodRecord, type PodRecord } from '../agent/pod-record.ts';
import type { OpenExecRequest, Runtime, RunningCommand, TerminalSize } from '../runtime.ts';
import { serveStreams } from './serve-streams.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

class FakeCommand implements RunningCommand {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly sizes: TerminalSize[] = [];
  readonly #exit = Promise.withResolvers<number>();
  readonly exitCode = this.#exit.promise;
  readonly abandoned = Promise.withResolvers<void>();

  resize(size: TerminalSize): void {
    this.sizes.push(size);
  }

  abandon(): void {
    this.abandoned.resolve();
  }

  end(exitCode: number): void {
    this.stdout.end();
    this.stderr.end();
    this.#exit.resolve(exitCode);
  }
}

function runningPod(podIP = '127.0.0.1'): PodRecord {
  const record = newPodRecord(testPod({}), 0);
  const sandbox = { podUid: 'uid-1', podIP, hostIP: '127.0.0.1' };
  const running = { kind: 'running', containerId: 'uid-1_app_0' } as const;
  return {
    ...record,
    sandbox: { kind: 'ready', sandbox },
    containers: record.containers.map((each) => ({ ...each, state: { ...each.state, ...running } as never })),
  };
}

interface Asked {
  readonly area: string;
  readonly query: string;
  readonly protocol: string;
  readonly openExec?: (request: OpenExecRequest) => Promise<RunningCommand>;
  readonly dialLoopback?: Runtime['dialLoopback'];
  /** Address of the pod. */
  readonly podIP?: string;
}

async function ask(asked: Asked): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${await serve(asked)}/`, [asked.protocol]);
  closing.push(() => client.terminate());
  return client;
}

/** Returns the port where it takes connections. */
async function serve({ area, query, openExec, dialLoopback, podIP }: Omit<Asked, 'protocol'>): Promise<number> {
  const open = openExec ?? (() => Promise.reject(new Error('not asked for')));
  const runtime = {
    openExec: (_id: string, request: OpenExecRequest) => open(request),
    dialLoopback,
  } as unknown as Runtime;
  const server = createServer();
  const record = runningPod(podIP);
  const asked = { area, record, container: record.containers[0]!.name, query: new URLSearchParams(query) };
  server.on('upgrade', (request, socket, head) => {
    serveStreams({ request, socket, head }, { ...asked, runtime, clock: systemClock }).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** All messages until the end, by channel. */
async function messages(client: WebSocket): Promise<Readonly<Record<number, string>>> {
  const said: Record<number, string> = {};
  client.on('message', (data: Buffer) => {
    const [channel = 0] = data;
    said[channel] = `${said[channel] ?? ''}${data.subarray(1).toString()}`;
  });
  await new Promise((resolve) => client.once('close', resolve));
  return said;
}

const opened = (client: WebSocket): Promise<unknown> => new Promise((resolve) => client.once('open', resolve));

it('says what a command writes, and with which code it ended', async () => {
  const command = new FakeCommand();
  const client = await ask({
    area: 'exec',
    query: 'command=x&stdout=true&stderr=true',
    protocol: 'v4.channel.k8s.io',
    openExec: () => Promise.resolve(command),
  });
  const said = messages(client);
  command.stdout.write('out');
  command.stderr.write('err');
  command.end(7);
  const { 1: out, 2: err, 3: status = '' } = await said;
  expect({ out, err }).toEqual({ out: 'out', err: 'err' });
  expect(JSON.parse(status)).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  });
});

it('ends the connection behind the last message of a command, whatever the client says', async () => {
  const command = new FakeCommand();
  const port = await serve({
    area: 'exec',
    query: 'command=x&stdout=true',
    openExec: () => Promise.resolve(command),
  });
  const client = connect(port, '127.0.0.1');
  closing.push(() => client.destroy());
  const key = Buffer.alloc(16).toString('base64');
  const lines = ['GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const protocol = 'Sec-WebSocket-Protocol: v4.channel.k8s.io';
  client.write([...lines, `Sec-WebSocket-Key: ${key}`, protocol, '', ''].join('\r\n'));
  command.end(7);
  // It reads to the end, and never answers.
  expect(await text(client)).toContain('"message":"7"');
});

it('ends the input when the client says that it has no more, and still hears the command', async () => {
  const command = new FakeCommand();
  const client = await ask({
    area: 'exec',
    query: 'command=cat&stdin=true&stdout=true',
    protocol: 'v5.channel.k8s.io',
    openExec: () => Promise.resolve(command),
  });
  const said = messages(client);
  await opened(client);
  client.send(Buffer.from('\0to be read'));
  client.send(Buffer.of(255, 0));
  expect(await text(command.stdin)).toBe('to be read');
  command.stdout.write('after the end');
  command.end(0);
  const { 1: out, 3: status = '' } = await said;
  expect(out).toBe('after the end');
  expect(JSON.parse(status)).toMatchObject({ status: 'Success' });
});

it('tells the terminal its size, and the command that nobody listens any more', async () => {
  const command = new FakeCommand();
  const client = await ask({
    area: 'exec',
    query: 'command=sh&stdin=true&stdout=true&tty=true',
    protocol: 'v5.channel.k8s.io',
    openExec: () => Promise.resolve(command),
  });
  await opened(client);
  client.send(Buffer.from('\u0004{"Width":101,"Height":33}\n'));
  client.send(Buffer.from('\0x'));
  await new Promise((resolve) => command.stdin.once('data', resolve));
  client.terminate();
  await command.abandoned.promise;
  expect(command.sizes).toEqual([{ columns: 101, rows: 33 }]);
});

it('says why a command cannot be started', async () => {
  const client = await ask({
    area: 'exec',
    query: 'command=x&stdout=true',
    protocol: 'v5.channel.k8s.io',
    openExec: () => Promise.reject(new Error('exec: "x": executable file not found in $PATH')),
  });
  const { 3: status = '' } = await messages(client);
  expect(JSON.parse(status)).toMatchObject({
    reason: 'InternalError',
    message: 'Internal error occurred: exec: "x": executable file not found in $PATH',
  });
});

it('refuses a client that knows none of the protocols', async () => {
  const client = await ask({ area: 'exec', query: 'command=x&stdout=true', protocol: 'v9.channel.k8s.io' });
  const failed = await new Promise((resolve) => client.once('error', resolve));
  expect(failed).toBeInstanceOf(Error);
});

it('forwards to the loopback address of a pod what its own address refuses', async () => {
  const echo = createTcpServer((socket) => socket.end('from within'));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => echo.close(resolve)));
  const { port } = echo.address() as AddressInfo;
  const dialled: unknown[] = [];
  const dialLoopback: Runtime['dialLoopback'] = (podUid, asked) => {
    dialled.push({ podUid, asked });
    return Promise.resolve(connect({ port, host: '127.0.0.1' }));
  };
  // Nobody listens there, and no port that was freed for it can be taken by somebody else.
  const podIP = '127.0.0.2';
  const client = await ask({
    area: 'portForward',
    query: `ports=${port}`,
    protocol: 'v4.channel.k8s.io',
    dialLoopback,
    podIP,
  });
  // Before it stand the two bytes of the port, which may be no text.
  expect((await messages(client))[0]).toMatch(/from within$/);
  expect(dialled).toEqual([{ podUid: 'uid-1', asked: port }]);
});

it('forwards a port whose number is in the request, as clients without SPDY ask for it', async () => {
  const echo = createTcpServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => echo.close(resolve)));
  const { port } = echo.address() as AddressInfo;
  const client = await ask({ area: 'portForward', query: `ports=${port}`, protocol: 'v4.channel.k8s.io' });
  const received: Buffer[] = [];
  const answered = new Promise<void>((resolve) => {
    client.on('message', (data: Buffer) => {
      if (data[0] === 0) received.push(data.subarray(1));
      if (Buffer.concat(received).length >= 7) resolve();
    });
  });
  await opened(client);
  client.send(Buffer.from('\0hello'));
  await answered;
  const all = Buffer.concat(received);
  expect({ port: all.readUInt16LE(0), data: all.subarray(2).toString() }).toEqual({ port, data: 'hello' });
});
