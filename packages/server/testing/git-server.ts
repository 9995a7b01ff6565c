/** A Git server on loopback, by the backend that comes with git, with one repository whose branch tests move. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/manifests.git` */
  readonly url: string;
  /** Replaces what the branch holds: texts by path; `-> path` is a symbolic link. Resolves with the commit. */
  commit(files: Readonly<Record<string, string>>): Promise<string>;
  /** From now on only who says this is answered. */
  requireAuthorization(header: string): void;
  /** Paths that were asked, with the method. */
  readonly asked: string[];
}

export async function startGitServer(): Promise<GitServer> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-git-server-'));
  const work = join(folder, 'work');
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  const git = async (...words: string[]): Promise<string> =>
    (
      await run('git', [...identity, ...words], { cwd: work, env: { PATH: process.env['PATH'], HOME: folder } })
    ).stdout.trim();
  await mkdir(work);
  await git('init', '--quiet', '--initial-branch=main', '.');
  await git('clone', '--quiet', '--bare', '.', join(folder, 'manifests.git'));
  const asked: string[] = [];
  let authorization: string | undefined;
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.url?.startsWith('/elsewhere.git') === true) {
      response.writeHead(302, { location: request.url.replace('elsewhere', 'manifests') }).end();
    } else if (authorization !== undefined && request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    } else void answer(folder, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/manifests.git`,
    asked,
    commit: async (files) => {
      await git('rm', '--quiet', '-r', '--ignore-unmatch', '.');
      for (const [path, content] of Object.entries(files)) {
        const file = join(work, path);
        await mkdir(dirname(file), { recursive: true });
        if (content.startsWith('-> ')) await symlink(content.slice(3), file);
        else await writeFile(file, content);
      }
      await git('add', '--all', '.');
      await git('commit', '--quiet', '--allow-empty', '--message=change');
      await git('push', '--quiet', '--force', join(folder, 'manifests.git'), 'HEAD:refs/heads/main');
      return await git('rev-parse', 'HEAD');
    },
    requireAuthorization: (header) => {
      authorization = header;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

/** https://git-scm.com/docs/git-http-backend, by the common gateway interface. */
async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      HTTP_GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_ADDR: '127.0.0.1',
    },
  });
  child.stderr.resume();
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => chunks.push(bytes));
  await once(child, 'close');
  const all = Buffer.concat(chunks);
  const end = all.indexOf('\r\n\r\n');
  const headers = all
    .subarray(0, end)
    .toString('latin1')
    .split('\r\n')
    .map((line) => line.split(/: */, 2));
  const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
  for (const [name = '', value = ''] of headers) if (name !== 'Status') response.setHeader(name, value);
  response.writeHead(status).end(all.subarray(end + 4));
}
