import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hashOf } from './hash-of.ts';
import { type Places, renderConfig, type Structure } from './render-config.ts';
import { mapNames } from './runtime-state.ts';
import type { WorkerUser } from './worker-user.ts';

/** What a path may consist of: it stands in HAProxy's configuration. */
const plainPath = /^\/[A-Za-z0-9._/-]*$/;
/** A socket's address has 108 bytes, and HAProxy binds it under a longer name first. */
const maxDirectoryLength = 70;

const ownerOnly = 0o600;
/** The workers' group may go through, and see nothing. */
const throughForGroup = 0o710;

/** A directory of this HAProxy alone: configuration, certificates, sockets. */
export class WorkDirectory {
  readonly path: string;
  #workerUser: WorkerUser | undefined;

  /** Throws if HAProxy could not use the path. */
  constructor(path: string) {
    if (!plainPath.test(path) || path.length > maxDirectoryLength) {
      throw new Error(
        `HAProxy cannot work in ${path}: expected an absolute path of at most ${maxDirectoryLength} letters, digits, dots, dashes and underscores; choose another directory`,
      );
    }
    this.path = path;
  }

  get config(): string {
    return join(this.path, 'haproxy.cfg');
  }

  get masterSocket(): string {
    return join(this.path, 'master.sock');
  }

  get pidFile(): string {
    return join(this.path, 'haproxy.pid');
  }

  /** Where this process listens for its workers. */
  get sockets(): { readonly trafficLog: string; readonly builtIn: string } {
    return { trafficLog: join(this.path, 'traffic.sock'), builtIn: join(this.path, 'built-in.sock') };
  }

  /** Of the worker that a configuration starts. */
  places(worker: number): Places {
    const user = this.#workerUser;
    const { trafficLog, builtIn } = this.sockets;
    const asSeen = (socket: string): string => (user === undefined ? socket : `/${basename(socket)}`);
    return {
      map: (map) => join(this.path, 'maps', `${map}.map`),
      commands: join(this.path, `worker-${worker}.sock`),
      trafficLog: asSeen(trafficLog),
      builtIn: asSeen(builtIn),
      certificateList: join(this.path, 'certificates.list'),
      jail: user && { path: this.path, user },
    };
  }

  /**
   * Makes it, with empty maps: what is in them is told to the running HAProxy. With a user, workers become that one once
   * they have read their files; it reaches this directory as its jail, and in it only what `grant` gives.
   */
  async prepare(workerUser: WorkerUser | undefined): Promise<void> {
    this.#workerUser = workerUser;
    await mkdir(join(this.path, 'maps'), { recursive: true, mode: 0o700 });
    await mkdir(join(this.path, 'certificates'), { recursive: true, mode: 0o700 });
    if (workerUser !== undefined) {
      await chown(this.path, process.getuid?.() ?? 0, workerUser.gid);
      await chmod(this.path, throughForGroup);
    }
    const { map } = this.places(0);
    await Promise.all(mapNames.map((name) => writeFile(map(name), '', { mode: ownerOnly })));
  }

  /** Lets the workers connect to sockets that somebody listens at. */
  async grantSockets(): Promise<void> {
    const user = this.#workerUser;
    for (const socket of Object.values(this.sockets)) {
      await chmod(socket, ownerOnly);
      if (user !== undefined) await chown(socket, user.uid, user.gid);
    }
  }

  async write(structure: Structure, worker: number): Promise<void> {
    const places = this.places(worker);
    const list: string[] = [];
    for (const [host, pem] of structure.certificates) {
      const file = this.certificateFile(host);
      if (file === undefined) continue;
      await writeFile(file, pem, { mode: ownerOnly });
      list.push(`${file} ${host}\n`);
    }
    await writeFile(places.certificateList, list.join(''), { mode: ownerOnly });
    // In latin1, as headers are.
    await writeFile(this.config, renderConfig(structure, places), { encoding: 'latin1', mode: ownerOnly });
  }

  /** Undefined where the name could have a meaning to HAProxy: no request has such a host. */
  certificateFile(host: string): string | undefined {
    return /^(?:\*\.)?[a-z0-9._-]+$/.test(host) ? join(this.path, 'certificates', `${hashOf(host)}.pem`) : undefined;
  }

  writePid(pid: number): Promise<void> {
    return writeFile(this.pidFile, `${pid}\n`, { mode: ownerOnly });
  }

  /** A HAProxy of an earlier process that was killed and could not end it; undefined if there is none. */
  async findLeftover(): Promise<number | undefined> {
    const pid = Number(await readOrNothing(this.pidFile));
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    const commandLine = await readOrNothing(`/proc/${pid}/cmdline`);
    return commandLine.split('\0').includes(this.config) ? pid : undefined;
  }

  async removeWorkerSocket(worker: number): Promise<void> {
    await rm(this.places(worker).commands, { force: true });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function readOrNothing(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}
