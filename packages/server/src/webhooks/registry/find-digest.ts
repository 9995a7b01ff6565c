/** Which digest a tag has, asked of its registry: https://github.com/opencontainers/distribution-spec/blob/main/spec.md */
import { messageOf } from '@slipway/kube/message-of';
import { Problem } from '../../http/problem.ts';
import { askPlainly, type PlainAnswer, type PlainQuestion } from '../../platform/ask-plainly.ts';
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
export async function findDigest(question: DigestQuestion, signal: AbortSignal): Promise<string> {
  const place = placeOfRepository(question.repository);
  const registry = new Registry(question, signal);
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

  constructor(question: DigestQuestion, signal: AbortSignal) {
    this.#question = question;
    this.#signal = signal;
  }

  async ask(asked: Pick<PlainQuestion, 'url' | 'method' | 'headers'>): Promise<PlainAnswer> {
    const { allowAddresses, milliseconds } = this.#question;
    const judge = judgeOpen(allowAddresses);
    let refusal: string | undefined;
    try {
      return await askPlainly({
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

function requireAnswered({ status }: PlainAnswer, { repository, tag, credentials }: DigestQuestion): void {
  if (status === 200) return;
  if (status === 401 || status === 403) {
    const how = credentials === undefined ? 'credentials, and the webhook has none' : 'other credentials';
    throw new Problem(422, `the registry of ${repository} wants ${how} (${status})`);
  }
  if (status === 404) throw new Problem(422, `the registry has no ${repository}:${tag}`);
  if (status >= 300 && status < 400)
    throw new Problem(422, `the registry of ${repository} is elsewhere (${status}), and nobody is followed there`);
  const said = `the registry of ${repository} answers ${status}`;
  throw status === 429 || status >= 500 ? new TryLater(said) : new Problem(422, said);
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
  const given = 'token' in answer ? answer.token : 'access_token' in answer ? answer.access_token : undefined;
  return typeof given === 'string' && /^[\x21-\x7e]+$/.test(given) ? given : undefined;
}
