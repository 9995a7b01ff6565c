/** The manifests of one directory at one commit, fetched and read without ever being files of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../../http/problem.ts';
import { runGit, type GitCall, type GitOutcome } from '../../platform/run-git.ts';
import { TryLater } from '../run-deliveries.ts';
import type { Credentials } from '../webhook-records.ts';
import { openAddress, type FindAddresses } from './open-address.ts';

export interface DirectoryOrder {
  readonly repository: string;
  readonly branch: string;
  readonly directory: string;
  readonly commit: string;
  /** Also where the branch has gone on since. */
  readonly isWhateverCame: boolean;
  readonly credentials?: Credentials | undefined;
  readonly allowAddresses: readonly string[];
  readonly findAddresses?: FindAddresses | undefined;
  /** Where its files are for the time; absent: where the system keeps such. */
  readonly within?: string | undefined;
}

export interface SourceFile {
  readonly name: string;
  readonly content: Buffer;
}

export type Fetched =
  | { readonly type: 'fetched'; readonly files: readonly SourceFile[] }
  /** The branch leads to another commit by now, of which another message tells. */
  | { readonly type: 'overtaken'; readonly by: string };

const maximumFiles = 500;
const maximumFileBytes = 1024 * 1024;
const maximumBytes = 4 * 1024 * 1024;
const maximumListBytes = 8 * 1024 * 1024;

/** Rejects with a `Problem` that says what is wrong with the source, or with `TryLater` where nobody answers. */
export async function fetchDirectory(order: DirectoryOrder, signal: AbortSignal): Promise<Fetched> {
  const { url, resolved } = await openAddress(order.repository, order.allowAddresses, order.findAddresses);
  // For its owner alone.
  const folder = await mkdtemp(join(order.within ?? tmpdir(), 'slipway-git-'));
  try {
    const git = new Git(folder, signal, {
      ...(resolved === undefined ? {} : { 'http.curloptResolve': resolved }),
      ...authorization(order.credentials),
    });
    await git.run(['init', '--quiet', '--bare', '--template=', '.']);
    const tip = await git.fetch(url, `refs/heads/${order.branch}`);
    if (tip !== order.commit) {
      if (!order.isWhateverCame) return { type: 'overtaken', by: tip };
      await git.fetch(url, order.commit);
    }
    return { type: 'fetched', files: await readFiles(git, order) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function authorization(credentials: Credentials | undefined): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  const text = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return { 'http.extraHeader': `Authorization: Basic ${text}` };
}

class Git {
  readonly #directory: string;
  readonly #signal: AbortSignal;
  readonly #settings: Readonly<Record<string, string>>;

  constructor(directory: string, signal: AbortSignal, settings: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.#signal = signal;
    this.#settings = settings;
  }

  call(words: readonly string[], more: Partial<GitCall> = {}): Promise<GitOutcome> {
    const given = { directory: this.#directory, signal: this.#signal, maximumBytes: maximumListBytes };
    return runGit({ words, ...given, ...more });
  }

  async run(words: readonly string[], more: Partial<GitCall> = {}): Promise<Buffer> {
    const outcome = await this.call(words, more);
    if (outcome.exitCode !== 0) throw new Problem(422, `git ${words[0] ?? ''}: ${lastLine(outcome)}`);
    return outcome.stdout;
  }

  /** That commit alone. Resolves with its hash. */
  async fetch(url: string, what: string): Promise<string> {
    const words = ['fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', url, what];
    const outcome = await this.call(words, { settings: this.#settings });
    if (outcome.exitCode !== 0) throw explainFetch(outcome, what);
    return (await this.run(['rev-parse', '--verify', 'FETCH_HEAD^{commit}'])).toString('utf8').trim();
  }
}

function lastLine({ stderr, exitCode }: GitOutcome): string {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return line === '' ? `it ended with ${exitCode ?? 'a signal'}` : line.slice(0, 500);
}

function explainFetch(outcome: GitOutcome, what: string): Error {
  const { stderr, exitCode } = outcome;
  const last = lastLine(outcome);
  if (/\bgit: not found/.test(stderr)) return new Problem(422, 'git is not installed where the server runs');
  if (/could not read Username|Authentication failed|error: 40[13]/.test(stderr))
    return new Problem(422, `the repository wants other credentials than the webhook has: ${last}`);
  if (/couldn't find remote ref|not our ref|unadvertised object/.test(stderr))
    return new Problem(422, `the repository has no ${what}`);
  if (/signal 25|File too large|out of memory/i.test(stderr))
    return new Problem(422, 'the commit is larger than what is fetched: 256 MiB');
  if (/error: 30\d|redirect/i.test(stderr))
    return new Problem(422, `the repository is elsewhere, and nobody is followed there: ${last}`);
  if (exitCode === undefined) return new TryLater('the repository has not answered within 90 s');
  return new TryLater(`the repository cannot be fetched: ${last}`);
}

interface Entry {
  readonly mode: string;
  readonly type: string;
  readonly hash: string;
  readonly size: number;
  readonly name: string;
}

async function readFiles(git: Git, { commit, directory }: DirectoryOrder): Promise<readonly SourceFile[]> {
  // Never through a link: a tree names what is in it, and a link is a text.
  const tree = `${commit}:${directory === '.' ? '' : directory}`;
  const listed = await git.call(['ls-tree', '-z', '--long', '--end-of-options', tree]);
  if (listed.exitCode !== 0) throw new Problem(422, `the commit has no directory ${directory}`);
  const entries = parseTree(listed.stdout).filter(({ name }) => /\.(?:ya?ml|json)$/.test(name));
  const files = entries
    .filter(({ type }) => type === 'blob')
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  requireReadable(files, directory);
  const contents = await git.run(['cat-file', '--batch'], {
    input: files.map(({ hash }) => `${hash}\n`).join(''),
    maximumBytes: maximumBytes + files.length * 200,
  });
  return splitBatch(contents, files);
}

function parseTree(listed: Buffer): readonly Entry[] {
  return listed
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', type = '', hash = '', size = ''] = line.slice(0, tab).split(/ +/);
      return { mode, type, hash, size: Number(size), name: line.slice(tab + 1) };
    });
}

const linkMode = '120000';

function requireReadable(files: readonly Entry[], directory: string): void {
  const link = files.find(({ mode }) => mode === linkMode);
  if (link !== undefined)
    throw new Problem(422, `${link.name} is a symbolic link, which is not followed: put a file in its place`);
  if (files.length === 0) throw new Problem(422, `${directory} holds no *.yaml, *.yml or *.json`);
  if (files.length > maximumFiles)
    throw new Problem(422, `${directory} holds ${files.length} manifests, expected ${maximumFiles} at most`);
  const large = files.find(({ size }) => size > maximumFileBytes);
  if (large !== undefined)
    throw new Problem(422, `${large.name} has ${large.size} bytes, expected ${maximumFileBytes} at most`);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > maximumBytes) throw new Problem(422, `${directory} has ${total} bytes, expected ${maximumBytes} at most`);
}

/** https://git-scm.com/docs/git-cat-file#_batch_output: a line with the size before each content, and a newline behind. */
function splitBatch(contents: Buffer, files: readonly Entry[]): readonly SourceFile[] {
  let at = 0;
  return files.map(({ name, size }) => {
    const from = contents.indexOf('\n', at) + 1;
    at = from + size + 1;
    return { name, content: contents.subarray(from, from + size) };
  });
}
