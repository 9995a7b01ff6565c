/** Who is told: an HTTP server and a mail server of the test's own. */
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface HttpReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** What is answered next; 200 where nothing is left. */
  readonly answers: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }[];
  /** Resolves when that many have come. */
  count(number: number): Promise<void>;
  close(): Promise<void>;
}

export async function startHttpReceiver(): Promise<HttpReceiver> {
  const received: Received[] = [];
  const answers: HttpReceiver['answers'] = [];
  const arrivals = createArrivals(received);
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, headers = {}, body = 'ok' } = answers.shift() ?? { status: 200 };
      response.writeHead(status, { connection: 'close', ...headers }).end(body);
      received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      arrivals.look();
    });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answers,
    count: arrivals.count,
    close: () => closeServer(server),
  };
}

export interface MailReceiver {
  readonly port: number;
  /** Whole messages, as they came, with the envelope before them. */
  readonly received: readonly string[];
  /** Every command that it was given, whatever it made of it. */
  readonly commands: readonly string[];
  count(number: number): Promise<void>;
  close(): Promise<void>;
}

/** As much of https://www.rfc-editor.org/rfc/rfc5321 as a client needs that sends. */
export async function startMailReceiver(): Promise<MailReceiver> {
  const received: string[] = [];
  const commands: string[] = [];
  const arrivals = createArrivals(received);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.write('220 test ESMTP\r\n');
    const deliver = (message: string): void => {
      received.push(message);
      arrivals.look();
    };
    converse(socket, { deliver, hear: (command) => commands.push(command) });
  });
  const port = await listen(server);
  return {
    port,
    received,
    commands,
    count: arrivals.count,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return closeServer(server);
    },
  };
}

interface Ears {
  readonly hear: (command: string) => void;
  readonly deliver: (message: string) => void;
}

const answers: Readonly<Record<string, string>> = { DATA: '354 go on', QUIT: '221 bye' };
/** It encrypts nothing, and asks nobody who he is. */
const unknown: ReadonlySet<string> = new Set(['STARTTLS', 'AUTH']);

function converse(socket: Socket, { hear, deliver }: Ears): void {
  let [rest, envelope, body]: [string, string, string[] | undefined] = ['', '', undefined];
  const answer = (line: string): void => {
    hear(line);
    const command = line.split(' ')[0]?.toUpperCase() ?? '';
    if (command === 'MAIL' || command === 'RCPT') envelope += `${line}\n`;
    if (command === 'DATA') body = [];
    socket.write(`${unknown.has(command) ? '502 not here' : (answers[command] ?? '250 ok')}\r\n`);
    if (command === 'QUIT') socket.end();
  };
  socket.on('data', (chunk) => {
    const lines = (rest + chunk.toString()).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (body === undefined) answer(line);
      else if (line !== '.') body.push(line);
      else {
        deliver(`${envelope}\n${body.join('\n')}`);
        [envelope, body] = ['', undefined];
        socket.write('250 taken\r\n');
      }
    }
  });
}

function createArrivals(received: readonly unknown[]) {
  const waiting = new Set<() => void>();
  return {
    look: () => {
      for (const each of waiting) each();
    },
    count: (number: number) =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (received.length < number) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
