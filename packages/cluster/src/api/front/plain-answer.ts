/** Answers to plain requests, on the connection itself: head and content leave as one piece where they are short. */
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { STATUS_CODES, validateHeaderName, validateHeaderValue } from '@slipway/kube/platform/http';
import { httpDate } from '@slipway/kube/platform/http-date';
import type { TransportBody, TransportResponse } from '@slipway/kube/transport';
import { type AnswerContent, contentOf } from '../answer-content.ts';
import type { ListText } from '../list-text.ts';
import type { ReceivedRequest } from '../received-request.ts';
import { type WritePiece, writeWatch } from '../watch-lines.ts';
import { keepAliveLine } from './idle-time.ts';

type Headers = Readonly<Record<string, string>>;

const hopByHop: ReadonlySet<string> = new Set(['connection', 'transfer-encoding', 'keep-alive']);

/** What an answer says of itself, and not of the connection that it came by. */
export function answerHeaders(headers: Headers): Headers {
  for (const name in headers) if (hopByHop.has(name)) return endToEnd(headers);
  return headers;
}

function endToEnd(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}

/**
 * Another request may be answered on the connection when it has ended, which mostly it has at once. Throws or rejects where
 * the connection is of no more use.
 */
export function sendPlainAnswer(answer: TransportResponse, request: ReceivedRequest): Promise<void> | undefined {
  const { status, body } = answer;
  const { socket } = request;
  const headers = answerHeaders(answer.headers);
  if (body.kind !== 'json') return sendStream({ status, ...streamOf({ body, headers, socket }) }, socket);
  const content = contentOf(body.value, request);
  return content instanceof Promise
    ? content.then((made) => sendContent(made, { status, headers, socket }))
    : sendContent(content, { status, headers, socket });
}

interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
  readonly socket: Socket;
}

function sendContent(
  { content, type }: AnswerContent,
  { status, headers, socket }: AnswerHead,
): Promise<void> | undefined {
  if (socket.destroyed) return undefined;
  const size = typeof content === 'string' ? Buffer.byteLength(content) : content.size;
  const head = headOf(status, headers, `content-type: ${type}\r\ncontent-length: ${size}\r\n`);
  if (typeof content !== 'string') return sendList(head, content, socket);
  // Of as many bytes as characters, it is written the same in either way, and in this one in less time.
  const hasRoom = size === content.length ? socket.write(head + content, 'latin1') : writeBoth(head, content, socket);
  return hasRoom ? undefined : drained(socket);
}

function streamOf({ body, headers, socket }: StreamSource): Omit<StreamedAnswer, 'status'> {
  if (body.kind === 'bytes')
    return { headers, frame: framed, passTo: (write) => passChunks(body.chunks, { write, socket }) };
  const own = { 'content-type': 'application/json', ...headers };
  return { headers: own, frame: framedOnce, passTo: (write) => writeWatch(body, write) };
}

/** Whoever makes them hears of it when nobody takes them any more. A watch hears of that by itself. */
async function passChunks(
  chunks: AsyncIterable<Uint8Array>,
  { write, socket }: { readonly write: WritePiece; readonly socket: Socket },
): Promise<void> {
  for await (const chunk of chunks) {
    if (socket.destroyed) return;
    await write(chunk);
  }
}

/** The head may hold what is UTF-8 already, in a warning, and must not become it a second time. */
function writeBoth(head: string, content: string, socket: Socket): boolean {
  socket.cork();
  socket.write(head, 'latin1');
  const hasRoom = socket.write(content);
  socket.uncork();
  return hasRoom;
}

async function sendList(head: string, content: ListText, socket: Socket): Promise<void> {
  socket.write(head, 'latin1');
  for (const piece of content.pieces()) if ((await sent(piece, socket)) === 'broken') return;
}

function sent(piece: Buffer, socket: Socket): Promise<'sent' | 'broken'> {
  return new Promise((resolve) => {
    socket.write(piece, (error) => resolve(error ? 'broken' : 'sent'));
  });
}

/** `ofContent` are lines that need no proof, each with its end. */
function headOf(status: number, headers: Headers, ofContent: string): string {
  let lines = '';
  for (const name in headers) {
    const value = headers[name] ?? '';
    validateHeaderName(name);
    validateHeaderValue(name, value);
    lines += `${name}: ${value}\r\n`;
  }
  if (headers['date'] === undefined) lines += `date: ${httpDate()}\r\n`;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}${ofContent}connection: keep-alive\r\n${keepAliveLine}\r\n`;
}

interface StreamSource {
  readonly body: Exclude<TransportBody, { readonly kind: 'json' }>;
  readonly headers: Headers;
  readonly socket: Socket;
}

interface StreamedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Resolves when all has been written, or nobody is there any more. */
  readonly passTo: (write: WritePiece) => Promise<void>;
  /** What is sent of a chunk that is short. */
  readonly frame: (chunk: Uint8Array) => Buffer;
}

/**
 * Who has sent so much behind a request that no more of it is read would not be seen to go away either, and a stream may
 * not end by itself. Nobody does that who means well.
 */
async function sendStream(answer: StreamedAnswer, socket: Socket): Promise<void> {
  const refuse = (): unknown => socket.destroy();
  socket.on('pause', refuse);
  if (socket.isPaused()) refuse();
  try {
    await sendChunks(answer, socket);
  } finally {
    socket.off('pause', refuse);
  }
}

async function sendChunks({ status, headers, frame, passTo }: StreamedAnswer, socket: Socket): Promise<void> {
  const hasNone = status === 204 || status === 304;
  const declared = headers['content-length'];
  const isChunked = !hasNone && declared === undefined;
  socket.write(headOf(status, headers, isChunked ? 'transfer-encoding: chunked\r\n' : ''), 'latin1');
  let sent = 0;
  await passTo((chunk) => {
    const size = Buffer.byteLength(chunk);
    sent += size;
    if (size === 0 || hasNone || socket.destroyed) return undefined;
    const hasRoom = isChunked ? writeChunk(chunk, { size, frame, socket }) : socket.write(chunk);
    return hasRoom ? undefined : drained(socket);
  });
  if (socket.destroyed) return;
  if (isChunked) socket.write('0\r\n\r\n');
  else if (!hasNone && sent !== Number(declared)) throw new Error(`${sent} bytes of ${declared} were there to send`);
}

/** To copy as much takes less than to hand over three pieces instead of one. */
const copiedBytes = 64 * 1024;

interface ChunkPlace extends Pick<StreamedAnswer, 'frame'> {
  /** Bytes of the chunk. */
  readonly size: number;
  readonly socket: Socket;
}

function writeChunk(chunk: string | Uint8Array, { size, frame, socket }: ChunkPlace): boolean {
  if (typeof chunk !== 'string' && size <= copiedBytes) return socket.write(frame(chunk));
  const begin = `${size.toString(16)}\r\n`;
  if (typeof chunk === 'string') return socket.write(`${begin}${chunk}\r\n`);
  socket.cork();
  socket.write(begin);
  socket.write(chunk);
  const hasRoom = socket.write('\r\n');
  socket.uncork();
  return hasRoom;
}

const lineEnd = Buffer.from('\r\n');

function framed(chunk: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, lineEnd]);
}

/** By pieces of watches, which nobody changes: many are sent the same. */
const frames = new WeakMap<Uint8Array, Buffer>();

function framedOnce(piece: Uint8Array): Buffer {
  const known = frames.get(piece);
  if (known !== undefined) return known;
  const frame = framed(piece);
  frames.set(piece, frame);
  return frame;
}

/** Until more can be written, or nothing any more. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    if (stream.destroyed) done();
  });
}
