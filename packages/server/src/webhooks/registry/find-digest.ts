/** Which digest a tag has, asked of its registry: https://github.com/opencontainers/distribution-spec/blob/main/spec.md */
import { messageOf } from '@slipway/kube/message-of';
import { Problem } from '../../http/problem.ts';
import { askPlainly, type AskPlainly, type PlainAnswer, type PlainQuestion } from '../../platform/ask-plainly.ts';
import { isDigest } from '../image-reference.ts';
import { judgeOpen } from '../open-networks.ts';
import { TryLater } from '../run-deliveries.ts';
import type { Credentials } from '../webhook-records.ts';
import { parseChallenge, placeOfRepository, tokenAddress, type RegistryPlace } from './registry-place.ts';

export interface DigestQuestion {
  /** As `normalizeRepository` writes it. */
  readonly repository: string;
  readonly tag: string;
  readonly credentials?: Credentials | undefined;
  /** Networks that the registry may be in although they are private. */
  readonly allowAddresses: readonly string[];
  /** Of real time, for each request. */
  readonly milliseconds?: number | undefined;
}

/** One image for several kinds of machine has one digest, too. */
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Rejects with a `Problem` that says what the registry refuses, and with `TryLater` where it does not answer. */
export async function findDigest(
  question: DigestQuestion,
  signal: AbortSignal,
  ask: AskPlainly = askPlainly,
): Promise<string> {
  const place = placeOfRepository(question.repository);
  const registry = new Registry(question, signal, ask);
  const url = new URL(`${place.base}/manifests/${question.tag}`);
  const first = await registry.ask({ url, method: 'HEAD', headers: { accept } });
  if (first.status !== 401) return readDigest(first, question);
  const token = await registry.fetchToken(first, place);
  const headers = { accept, authorization: `Bearer ${token}` };
  return readDigest(await registry.ask({ url, method: 'HEAD', headers }), question);
}

class Registry {
  readonly #question: DigestQuestion;
  readonly #signal: AbortSignal;
  readonly #ask: AskPlainly;

  constructor(question: DigestQuestion, signal: AbortSignal, ask: AskPlainly) {
    this.#question = question;
    this.#signal = signal;
    this.#ask = ask;
  }

  async ask(asked: Pick<PlainQuestion, 'url' | 'method' | 'headers'>): Promise<PlainAnswer> {
    const { allowAddresses, milliseconds } = this.#question;
    const judge = judgeOpen(allowAddresses);
    let refusal: string | undefined;
    try {
      return await this.#ask({
        ...asked,
        milliseconds,
        judge: (host, address) => (refusal ??= judge(host, address)),
        signal: this.#signal,
      });
    } catch (error) {
      this.#signal.throwIfAborted();
      if (refusal !== undefined) throw new Problem(422, refusal);
      const why = messageOf(error);
      throw new TryLater(`the registry ${asked.url.host} cannot be asked: ${why}`, { cause: error });
    }
  }

  async fetchToken({ headers }: PlainAnswer, place: RegistryPlace): Promise<string> {
    const { repository, credentials } = this.#question;
    const challenge = parseChallenge(headers['www-authenticate'] ?? '');
    if (challenge === undefined) throw new Problem(422, `the registry of ${repository} takes no bearer tokens`);
    const url = tokenAddress(challenge, place);
    if (url === undefined)
      throw new Problem(
        422,
        `the registry of ${repository} sends to ${challenge.realm.slice(0, 200)} for tokens, which is not its own`,
      );
    const answer = await this.ask({ url, method: 'GET', headers: authorization(credentials) });
    requireAnswered(answer, this.#question);
    const token = parseToken(answer.body);
    if (token === undefined) throw new Problem(422, `${url.host} gives no token that can be read`);
    return token;
  }
}

function authorization(credentials: Credentials | undefined): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  const text = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return { authorization: `Basic ${text}` };
}

function readDigest(answer: PlainAnswer, question: DigestQuestion): string {
  requireAnswered(answer, question);
  const digest = answer.headers['docker-content-digest'] ?? '';
  if (!isDigest(digest))
    throw new Problem(422, `the registry of ${question.repository} does not say which digest it is`);
  return digest;
}

function requireAnswered({ status, headers }: PlainAnswer, { repository, tag, credentials }: DigestQuestion): void {
  if (status === 200) return;
  if (status === 401 || status === 403) {
    const how = credentials === undefined ? 'credentials, and the webhook has none' : 'other credentials';
    throw new Problem(422, `the registry of ${repository} wants ${how} (${status})`);
  }
  if (status === 404) throw new Problem(422, `the registry has no ${repository}:${tag}`);
  if (status >= 300 && status < 400)
    throw new Problem(422, `the registry of ${repository} is elsewhere (${status}), and nobody is followed there`);
  const said = `the registry of ${repository} answers ${status}`;
  if (status === 429) throw new TryLater(`${said}${describeLimit(headers)}`, { afterSeconds: waitingTime(headers) });
  throw status >= 500 ? new TryLater(said, { afterSeconds: waitingTime(headers) }) : new Problem(422, said);
}

/** Docker Hub counts requests for manifests: https://docs.docker.com/docker-hub/usage/pulls/ */
function describeLimit({ 'ratelimit-limit': limit = '' }: PlainAnswer['headers']): string {
  const [, count, seconds] = /^(\d{1,9});w=(\d{1,9})$/.exec(limit) ?? [];
  return count === undefined ? '' : `: it takes ${count} requests in ${seconds} s`;
}

/** Seconds, or a moment by its own clock: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function waitingTime({ 'retry-after': after = '', date = '' }: PlainAnswer['headers']): number | undefined {
  const seconds = /^\d{1,9}$/.test(after) ? Number(after) : (Date.parse(after) - Date.parse(date)) / 1_000;
  return seconds > 0 ? seconds : undefined;
}

/** Undefined also for what no header can hold. */
function parseToken(body: string): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null) return undefined;
  const given = [Reflect.get(answer, 'token'), Reflect.get(answer, 'access_token')];
  return given.find((each): each is string => typeof each === 'string' && /^[\x21-\x7e]+$/.test(each));
}
