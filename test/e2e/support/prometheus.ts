import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadCertificates } from '@slipway/cluster/pki/certificates';

/** A Prometheus that serves TLS by an authority of its own, asks for a password, and scrapes one target every second. */
export interface RunningPrometheus extends AsyncDisposable {
  /** `https://127.0.0.1:PORT` */
  readonly address: string;
  /** PEM. */
  readonly authority: string;
  readonly username: string;
  readonly password: string;
}

const username = 'slipway';
const password = 'correct horse';
/** Of the password, by bcrypt at its least cost. */
const passwordHash = '$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e';

/** Serves what `metrics` says, in Prometheus' text format. */
export async function serveMetrics(metrics: () => string): Promise<AsyncDisposable & { readonly target: string }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metrics());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { target: `127.0.0.1:${portOf(server)}`, [Symbol.asyncDispose]: () => close(server) };
}

export async function startPrometheus(target: string): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-prometheus-'));
  const { authority, server } = await loadCertificates({ directory: folder, now: Date.now(), names: ['127.0.0.1'] });
  const files = {
    'prometheus.json': {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [target] }] }],
    },
    'web.json': {
      tls_server_config: { cert_file: join(folder, 'server.crt'), key_file: join(folder, 'server.key') },
      basic_auth_users: { [username]: passwordHash },
    },
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(content));
  await writeFile(join(folder, 'server.crt'), server.certificate);
  await writeFile(join(folder, 'server.key'), server.key, { mode: 0o600 });
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.json')}`,
      `--web.config.file=${join(folder, 'web.json')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const address = `https://127.0.0.1:${await readPort(child)}`;
    return { address, authority, username, password, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** It says in its log where it listens; a port of our choice could be somebody else's by then. */
async function readPort({ stderr }: ChildProcess): Promise<string> {
  if (stderr === null) throw new Error('the log of prometheus is not read');
  const said: string[] = [];
  for await (const line of createInterface({ input: stderr })) {
    said.push(line);
    const port = /msg="?Listening on"? address=127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    stderr.resume();
    return port;
  }
  throw new Error(`prometheus has ended: ${said.join('\n')}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
