import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, glob, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';

/** A PostgreSQL of its own, on a socket in a temporary folder: no port is taken, and nobody else gets in. */
export interface RunningPostgres extends AsyncDisposable {
  /** Where its socket is. */
  readonly folder: string;
  /** A new, empty database. */
  createDatabase(): Promise<string>;
  /** All connections end, as when it is restarted. */
  cutConnections(): Promise<void>;
}

/** Newest first; undefined where it is not installed. Debian keeps the programs of each version apart from PATH. */
export async function findPostgres(): Promise<string | undefined> {
  const found: string[] = [];
  for await (const path of glob('/usr/lib/postgresql/*/bin/postgres')) found.push(path);
  const versionOf = (path: string): number => Number(path.split('/')[4]);
  const newest = found.toSorted((one, other) => versionOf(other) - versionOf(one))[0];
  return newest?.slice(0, -'/postgres'.length);
}

/** Who the server runs as: it refuses to run as root. */
const nobody = 65_534;

export async function startPostgres(programs: string): Promise<RunningPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-postgres-'));
  const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  if (identity.uid !== undefined) await chown(folder, nobody, nobody);
  const data = join(folder, 'data');
  await runProgram(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'slipway', '-A', 'trust', '--no-sync', '-E', 'UTF8'],
    identity,
  );
  const settings = { listen_addresses: '', unix_socket_directories: folder, fsync: 'off', max_connections: '300' };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(programs, 'postgres'), ['-D', data, ...options], {
    ...identity,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGQUIT');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    if (line.includes('ready to accept connections')) break;
  }
  child.stderr.resume();
  if (child.exitCode !== null) {
    await stop();
    throw new Error(`postgres has ended: ${said.join('\n')}`);
  }
  const ask = (command: string): Promise<void> => askPostgres(urlOf(folder, 'postgres'), command);
  return {
    folder,
    createDatabase: () => createDatabase(folder),
    cutConnections: () =>
      ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
      ),
    [Symbol.asyncDispose]: stop,
  };
}

/** A new, empty database of the PostgreSQL whose socket is in that folder; any process of this machine may ask. */
export async function createDatabase(folder: string): Promise<string> {
  const name = `d${randomBytes(8).toString('hex')}`;
  await askPostgres(urlOf(folder, 'postgres'), `CREATE DATABASE ${name}`);
  return urlOf(folder, name);
}

function urlOf(folder: string, database: string): string {
  return `postgres://slipway@/${database}?host=${encodeURIComponent(folder)}`;
}

async function askPostgres(connectionString: string, command: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(command);
  } finally {
    await client.end();
  }
}

async function runProgram(
  program: string,
  words: readonly string[],
  identity: { uid?: number; gid?: number },
): Promise<void> {
  const child = spawn(program, words, { ...identity, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said.join('')}`);
}
