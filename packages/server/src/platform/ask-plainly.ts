/** One short question to a server whose address somebody else has named. */
import { sendGuarded, type GuardedRequest, type JudgeAddress } from '@slipway/kube/platform/guarded-request';

export interface PlainQuestion extends Pick<GuardedRequest, 'url' | 'headers' | 'signal'> {
  readonly method: 'GET' | 'HEAD';
  readonly judge: JudgeAddress;
  /** Of real time, until the whole answer is there. Default 10 s. */
  readonly milliseconds?: number | undefined;
}

export interface PlainAnswer {
  readonly status: number;
  /** Of each name the one value; none where there are several. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

const defaultMilliseconds = 10_000;
const maximumBodyBytes = 64 * 1024;

export type AskPlainly = (question: PlainQuestion) => Promise<PlainAnswer>;

/** Rejects where nobody answers, where that takes too long, and where the answer is too long. Follows nobody elsewhere. */
export async function askPlainly(question: PlainQuestion): Promise<PlainAnswer> {
  const { url, method, headers, judge, milliseconds = defaultMilliseconds } = question;
  const limit = AbortSignal.timeout(milliseconds);
  const signal = AbortSignal.any([question.signal, limit]);
  try {
    const incoming = await sendGuarded({ url, method, headers, signal }, judge);
    try {
      const kept = Object.entries(incoming.headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : undefined,
      ]);
      const status = incoming.statusCode ?? 0;
      return { status, headers: Object.fromEntries(kept), body: await readBody(incoming) };
    } finally {
      incoming.destroy();
    }
  } catch (error) {
    throw limit.aborted ? new Error(`no answer within ${milliseconds / 1_000} s`, { cause: error }) : error;
  }
}

async function readBody(incoming: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.length;
    if (bytes > maximumBodyBytes) throw new Error(`the answer has more than ${maximumBodyBytes} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}
