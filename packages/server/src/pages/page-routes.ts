/** The dashboard: its files, and one page for all of its places. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../http/build-app.ts';
import { isKnown } from '../http/entity-tags.ts';
import { Problem } from '../http/problem.ts';
import { readPageFiles, type PageFile } from './page-files.ts';
import { pagePaths } from './page-paths.ts';

/** A name changes with what is in the file. */
const forever = 'public, max-age=31536000, immutable';
/** Kept, and asked for each time whether it still counts: it names the files of one build. */
const askEachTime = 'no-cache';
/** Nothing of them tells anything: a page asks for what it shows, with the login of who looks at it. */
const config = { access: { type: 'public' } } as const;
const schema = { hide: true };

/** Without a directory, or with an empty one, its places say what is missing. */
export async function addPageRoutes(app: App, directory: string | undefined): Promise<void> {
  const files = directory === undefined ? [] : await readPageFiles(directory);
  const page = files.find(({ path }) => path === 'index.html');
  app.pageLook = {
    style: linkOf(page, 'stylesheet') ?? app.pageLook.style,
    icon: linkOf(page, 'icon') ?? app.pageLook.icon,
  };
  if (page !== undefined) app.pageOfNothing = (reply) => reply.type(page.type).send(page.plain);
  for (const path of pagePaths)
    app.get(path, { config, schema }, async (request, reply) => {
      if (page === undefined) throw notBuilt();
      return sendFile(request, reply, { file: page, cache: askEachTime });
    });
  for (const file of files.filter((each) => each !== page))
    app.get(`/${file.path}`, { config, schema }, async (request, reply) =>
      sendFile(request, reply, { file, cache: forever }),
    );
}

function linkOf(page: PageFile | undefined, relation: 'stylesheet' | 'icon'): string | undefined {
  const links = page?.plain.toString('utf8').match(/<link\b[^>]*>/g) ?? [];
  const link = links.find((each) => each.includes(`rel="${relation}"`));
  return /\bhref="([^"]+)"/.exec(link ?? '')?.[1];
}

function notBuilt(): Problem {
  return new Problem(404, 'the pages of the dashboard were not built: run "npm run build"; the API is at /api/v1');
}

interface Sending {
  readonly file: PageFile;
  readonly cache: string;
}

function sendFile(request: FastifyRequest, reply: FastifyReply, { file, cache }: Sending): FastifyReply {
  const { etag, type, plain, compressed } = file;
  reply.headers({ etag, 'cache-control': cache, vary: 'accept-encoding' });
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  reply.type(type);
  if (compressed === undefined || !takesGzip(request)) return reply.send(plain);
  return reply.header('content-encoding', 'gzip').send(compressed);
}

function takesGzip({ headers }: FastifyRequest): boolean {
  const accepted = (headers['accept-encoding'] ?? '').split(',');
  return accepted.some((each) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$)|$)/i.test(each));
}
