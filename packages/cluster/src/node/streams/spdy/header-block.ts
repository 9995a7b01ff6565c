/** Headers as SPDY/3.1 writes them: names and values with their lengths, compressed by a dictionary of the protocol. */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';

export type Headers = Readonly<Record<string, string>>;

/** More than any client of Kubernetes says of a stream. */
const maximumBlockBytes = 64 * 1024;

/** https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/ (2.6.10.1): these words, each after its length, */
const words = `options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow
authorization cache-control connection content-base content-encoding content-language content-length content-location
content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range
if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer
retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status
200|OK version HTTP/1.1 url public set-cookie keep-alive origin`;

/** and this text. */
const phrases =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden' +
  '404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,' +
  'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

export const dictionary = Buffer.concat([
  ...words.split(/\s+/).map((word) => withLength(word.replace('|', ' '))),
  Buffer.from(phrases),
]);

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** One direction of a connection: each block is compressed by what the ones before it have said. */
export class HeaderWriter {
  private readonly stream: Deflate = createDeflate({ dictionary, flush: constants.Z_SYNC_FLUSH });

  write(headers: Headers): Promise<Buffer> {
    const entries = Object.entries(headers);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(entries.length);
    return through(this.stream, Buffer.concat([count, ...entries.flat().map(withLength)]));
  }

  close(): void {
    this.stream.close();
  }
}

export class HeaderReader {
  private readonly stream: Inflate = createInflate({ dictionary, flush: constants.Z_SYNC_FLUSH });

  /** Names are in lower case. Rejects for what is no block of headers. */
  async read(block: Uint8Array): Promise<Headers> {
    return parse(await through(this.stream, block));
  }

  close(): void {
    this.stream.close();
  }
}

/** Blocks are passed one after the other: the next one waits for this. */
function through(stream: Deflate | Inflate, block: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maximumBlockBytes) stream.destroy(new Error(`headers are longer than ${maximumBlockBytes} bytes`));
    };
    const done = (error?: Error | null): void => {
      stream.off('data', onData);
      stream.off('error', done);
      if (error === undefined || error === null) resolve(Buffer.concat(chunks));
      else reject(error);
    };
    stream.on('data', onData);
    stream.once('error', done);
    stream.write(block, (error) => {
      // What it gave last may still wait to be read.
      if (error === undefined || error === null) stream.flush(constants.Z_SYNC_FLUSH, () => done());
    });
  });
}

function parse(block: Buffer): Headers {
  const count = block.readUInt32BE(0);
  const headers: Record<string, string> = {};
  let at = 4;
  const next = (): string => {
    const length = block.readUInt32BE(at);
    if (at + 4 + length > block.length) throw new RangeError('a header ends after the block that it is in');
    const text = block.toString('utf8', at + 4, at + 4 + length);
    at += 4 + length;
    return text;
  };
  for (let index = 0; index < count; index += 1) headers[next().toLowerCase()] = next();
  return headers;
}
