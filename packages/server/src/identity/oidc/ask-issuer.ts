/** Requests to the issuer: bounded in time and size, and never led elsewhere. */

/** It does not answer, or not with what it should: nobody's fault who asks. */
export class IssuerUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'IssuerUnavailable';
  }
}

export interface IssuerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const timeoutMilliseconds = 10_000;
const maximumBytes = 1_000_000;

/** Rejects with `IssuerUnavailable`. */
export async function askIssuer(url: string, request: RequestInit = {}): Promise<IssuerAnswer> {
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const response = await fetch(url, { ...request, redirect: 'error', signal });
    const body: unknown = JSON.parse(await readText(response));
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Error('what came is no object');
    return { status: response.status, body: { ...body } };
  } catch (error) {
    throw new IssuerUnavailable(`the issuer does not answer at ${url}: ${describe(error)}`, error);
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > maximumBytes) throw new Error(`more than ${maximumBytes} bytes came`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
