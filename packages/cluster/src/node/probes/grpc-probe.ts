import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { decodeHealthStatus, encodeHealthRequest, frameMessage, unframeMessage } from './grpc-health.ts';
import { describeDialError } from './dial-error.ts';
import type { ProbeOutcome } from './http-probe.ts';

export interface GrpcTarget {
  readonly host: string;
  readonly port: number;
  /** Empty asks for the server as a whole. */
  readonly service: string;
  readonly userAgent: string;
  readonly timeoutMilliseconds: number;
  /** Ends the attempt: its time is over, or nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/** https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
const code = { ok: 0, deadlineExceeded: 4, unimplemented: 12 } as const;
/** A health answer has a few bytes. */
const maxAnswerBytes = 16 * 1024;

/** Asks `grpc.health.v1.Health/Check` without TLS, as the kubelet does. Anything but SERVING is a failure. */
export async function probeGrpc(target: GrpcTarget): Promise<ProbeOutcome> {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const address = `${host}:${target.port}`;
  // Few pods need it: it is loaded when the first one does.
  const { connect } = await import('node:http2');
  const session = connect(`http://${address}`);
  try {
    return judge(await check(session, target), target);
  } catch (error) {
    return { result: 'failure', output: describeFailure(error, { address, target, connected: !session.connecting }) };
  } finally {
    session.destroy();
  }
}

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly body: Buffer;
}

function check(session: ClientHttp2Session, target: GrpcTarget): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    target.signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': target.userAgent,
      'grpc-timeout': `${target.timeoutMilliseconds}m`,
    });
    stream.on('error', reject);
    readAnswer(stream).then(resolve, reject);
    stream.end(frameMessage(encodeHealthRequest(target.service)));
  });
}

/** The status comes with the trailers, or with the headers where there is nothing else to say. */
async function readAnswer(stream: ClientHttp2Stream): Promise<Answer> {
  let fields: IncomingHttpHeaders = {};
  const collect = (more: IncomingHttpHeaders): void => {
    fields = { ...fields, ...more };
  };
  stream.on('response', collect);
  stream.on('trailers', collect);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxAnswerBytes) throw new Error(`the answer has more than ${maxAnswerBytes} bytes`);
    chunks.push(bytes);
  }
  const status = fields['grpc-status'];
  if (status === undefined)
    throw new Error(`unexpected HTTP status code received from server: ${String(fields[':status'])}`);
  const message = decodeURIComponent(String(fields['grpc-message'] ?? ''));
  return { status: Number(status), message, body: Buffer.concat(chunks) };
}

function judge({ status, message, body }: Answer, { timeoutMilliseconds }: GrpcTarget): ProbeOutcome {
  switch (status) {
    case code.ok: {
      const health = decodeHealthStatus(unframeMessage(body));
      return health === 'SERVING'
        ? { result: 'success', output: 'service healthy' }
        : { result: 'failure', output: `service unhealthy (responded with "${health}")` };
    }
    case code.unimplemented: {
      const protocol = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)';
      return { result: 'failure', output: `error: ${protocol}: ${message}` };
    }
    case code.deadlineExceeded:
      return { result: 'failure', output: describeTimeout(timeoutMilliseconds) };
    default: {
      const cause = `rpc error: code = ${status} desc = ${message}`;
      return { result: 'failure', output: `error: health rpc probe failed: ${cause}` };
    }
  }
}

function describeTimeout(milliseconds: number): string {
  return `timeout: health rpc did not complete within ${milliseconds / 1000}s`;
}

function describeFailure(
  error: unknown,
  {
    address,
    target,
    connected,
  }: { readonly address: string; readonly target: GrpcTarget; readonly connected: boolean },
): string {
  const { signal, timeoutMilliseconds } = target;
  if (signal.aborted && connected) return describeTimeout(timeoutMilliseconds);
  if (signal.aborted) {
    const within = `within ${timeoutMilliseconds / 1000}s`;
    return `timeout: failed to connect service "${address}" ${within}: context deadline exceeded`;
  }
  // A stream says that it was cancelled; why is its cause.
  const cause = describeDialError(error instanceof Error ? (error.cause ?? error) : error, address);
  return connected
    ? `error: health rpc probe failed: ${cause}`
    : `error: failed to connect service at "${address}": ${cause}`;
}
