import { Duplex } from 'node:stream';
import { dataHead, FrameReader, goAway, ping, rstStream, synReply, synStream, type Frame } from './frames.ts';
import { HeaderReader, HeaderWriter, type Headers } from './header-block.ts';

/** A stream that is not read holds up the others once it has this much: the protocol's windows are used by no client. */
const bufferedBytes = 1024 * 1024;
/** Of a frame, so that other streams get their turn. */
const payloadBytes = 64 * 1024;

type StreamFrame = Extract<Frame, { readonly stream: number }>;

/** Streams in both directions over one connection. Ends with it; what breaks it destroys them all with the cause. */
export class SpdySession {
  private readonly connection: Duplex;
  private readonly onStream: (stream: SpdyStream) => void;
  private readonly reader = new HeaderReader();
  private readonly writer = new HeaderWriter();
  private readonly streams = new Map<number, SpdyStream>();
  private lastAccepted = 0;
  private nextOwn: number;
  private writing: Promise<void> = Promise.resolve();

  /** `isClient` decides which numbers the streams that are opened here have. */
  constructor(
    connection: Duplex,
    { onStream, isClient = false }: { readonly onStream: (stream: SpdyStream) => void; readonly isClient?: boolean },
  ) {
    this.connection = connection;
    this.onStream = onStream;
    this.nextOwn = isClient ? 1 : 2;
  }

  /** Resolves when the other side has said all, or the connection broke. */
  async run(): Promise<void> {
    const frames = new FrameReader();
    // Reading tells of it too, unless it is over already.
    this.connection.on('error', () => {});
    let cause: Error | undefined;
    try {
      for await (const chunk of this.connection as AsyncIterable<Uint8Array>) {
        for (const frame of frames.push(chunk)) await this.take(frame);
      }
    } catch (error) {
      cause = error instanceof Error ? error : new Error(String(error));
      this.connection.destroy();
    }
    for (const stream of this.streams.values()) stream.cut(cause);
    this.streams.clear();
    this.reader.close();
    this.writer.close();
    this.connection.end();
  }

  async open(headers: Headers): Promise<SpdyStream> {
    const stream = new SpdyStream(this, this.nextOwn, headers);
    this.nextOwn += 2;
    this.streams.set(stream.number, stream);
    await this.sendBlock(headers, (block) => synStream(stream.number, block));
    return stream;
  }

  /** After all that has been written. The other side closes the connection. */
  close(): void {
    if (this.connection.writable) this.connection.end(goAway(this.lastAccepted));
  }

  /** For streams. */
  send(bytes: readonly Uint8Array[], done: (error?: Error | null) => void): void {
    if (bytes.length === 0) {
      done();
      return;
    }
    if (!this.connection.writable) {
      done(new Error('the connection was closed'));
      return;
    }
    this.connection.cork();
    bytes.forEach((part, index) => this.connection.write(part, index === bytes.length - 1 ? done : undefined));
    this.connection.uncork();
  }

  /** For streams: nothing more is sent either way. */
  forget(stream: SpdyStream, { isCancelled }: { readonly isCancelled: boolean }): void {
    if (!this.streams.delete(stream.number)) return;
    if (isCancelled) this.send([rstStream(stream.number)], () => {});
  }

  private async take(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case 'ignored':
      case 'goAway':
        return;
      case 'ping':
        // Pings of this side would have even numbers.
        if (frame.id % 2 === 1) this.send([ping(frame.id)], () => {});
        return;
      case 'data':
      case 'headers':
      case 'rstStream':
      case 'synReply':
      case 'synStream':
        return this.takeOfStream(frame);
    }
  }

  private async takeOfStream(frame: StreamFrame): Promise<void> {
    const stream = this.streams.get(frame.stream);
    // Blocks are read also of streams that nobody has: later ones are compressed by them.
    const headers = 'block' in frame ? await this.reader.read(frame.block) : {};
    if (frame.kind === 'synStream') return this.accept(frame, headers);
    if (frame.kind === 'rstStream') stream?.cut(undefined);
    if (frame.kind === 'data') await stream?.receive(frame.payload);
    if ('isLast' in frame && frame.isLast) stream?.receiveEnd();
  }

  private async accept(frame: Extract<Frame, { readonly kind: 'synStream' }>, headers: Headers): Promise<void> {
    const stream = new SpdyStream(this, frame.stream, headers);
    this.lastAccepted = frame.stream;
    this.streams.set(frame.stream, stream);
    await this.sendBlock({}, (block) => synReply(frame.stream, block));
    if (frame.isLast) stream.receiveEnd();
    this.onStream(stream);
  }

  /** In the order in which they were compressed. */
  private sendBlock(headers: Headers, frameOf: (block: Uint8Array) => Buffer): Promise<void> {
    this.writing = this.writing.then(async () => {
      const block = await this.writer.write(headers);
      this.send([frameOf(block)], () => {});
    });
    return this.writing;
  }
}

export class SpdyStream extends Duplex {
  readonly number: number;
  readonly headers: Headers;
  private readonly session: SpdySession;
  private onRoom: (() => void) | undefined;

  constructor(session: SpdySession, number: number, headers: Headers) {
    super({ readableHighWaterMark: bufferedBytes, emitClose: true });
    this.session = session;
    this.number = number;
    this.headers = headers;
  }

  /** For the session. Resolves when there is room for more. */
  receive(payload: Uint8Array): Promise<void> | undefined {
    if (this.destroyed || this.readableEnded || this.push(payload)) return undefined;
    return new Promise((resolve) => {
      this.onRoom = resolve;
    });
  }

  receiveEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  /** The other side wants no more of it, or is gone: what it has said is read to its end if nothing broke. */
  cut(cause: Error | undefined): void {
    if (cause !== undefined || this.readableEnded) this.destroy(cause);
    else {
      this.receiveEnd();
      this.once('end', () => this.destroy());
      this.resume();
    }
  }

  override _read(): void {
    this.onRoom?.();
    this.onRoom = undefined;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const frames: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; at += payloadBytes) {
      const payload = chunk.subarray(at, at + payloadBytes);
      frames.push(dataHead(this.number, { length: payload.length, isLast: false }), payload);
    }
    this.session.send(frames, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.session.send([dataHead(this.number, { length: 0, isLast: true })], done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this._read();
    this.session.forget(this, { isCancelled: !(this.readableEnded && this.writableFinished) });
    done(error);
  }
}
