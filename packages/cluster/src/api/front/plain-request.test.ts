import { createServer, type IncomingMessage } from 'node:http';
import { duplexPair } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receivedByNode } from '../received-request.ts';
import { readPlainRequest } from './plain-request.ts';

function requestOf(lines: readonly string[], body = '', first = 'POST /api/v1/pods?a=b HTTP/1.1'): Buffer {
  return Buffer.from([first, ...lines, '', body].join('\r\n'), 'latin1');
}

describe('a plain request', () => {
  it('is read with its body, up to where it ends', () => {
    const lines = ['Host: a', 'User-Agent:\tkubectl  ', 'Authorization: Bearer x', 'Content-Length: 4'];
    const bytes = requestOf(lines, 'bodyGET / HTTP/1.1');
    expect(readPlainRequest(bytes, undefined)).toMatchObject({
      method: 'POST',
      target: '/api/v1/pods?a=b',
      fields: { headers: { host: 'a', 'user-agent': 'kubectl', 'content-length': '4' }, authorization: 'Bearer x' },
      body: Buffer.from('body'),
      missing: 0,
      end: bytes.length - 'GET / HTTP/1.1'.length,
    });
  });

  it('may have a body of which a part is still to come', () => {
    const bytes = requestOf(['Host: a', 'Content-Length: 9'], 'body');
    expect(readPlainRequest(bytes, undefined)).toMatchObject({
      body: Buffer.from('body'),
      missing: 5,
      end: bytes.length,
    });
  });

  it('may say for whom it is to be taken, several times where there are several groups', () => {
    const lines = ['Impersonate-User: b', 'Impersonate-Group: c', 'X: y', 'impersonate-group: d'];
    expect(readPlainRequest(requestOf(['Host: a', ...lines]), undefined)?.fields).toMatchObject({
      headers: { host: 'a', x: 'y' },
      impersonation: { 'impersonate-user': ['b'], 'impersonate-group': ['c', 'd'] },
    });
  });

  it('has the fields of the one before it where they are the same, and only there', () => {
    const first = readPlainRequest(requestOf(['Host: a']), undefined)?.fields;
    expect(readPlainRequest(requestOf(['Host: a'], '', 'GET / HTTP/1.1'), first)?.fields).toBe(first);
    expect(readPlainRequest(requestOf(['Host: b']), first)?.fields.headers).toEqual({ host: 'b' });
  });

  it.each([
    { name: 'a head that is not whole', bytes: Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n') },
    { name: 'a long body that is not whole', bytes: requestOf(['Host: a', 'Content-Length: 1048577'], 'body') },
    { name: 'no host', bytes: requestOf(['A: b']) },
    { name: 'a field that comes twice', bytes: requestOf(['Host: a', 'A: b', 'a: c']) },
    { name: 'two lengths', bytes: requestOf(['Host: a', 'Content-Length: 0', 'Content-Length: 4'], 'body') },
    { name: 'a length with a sign', bytes: requestOf(['Host: a', 'Content-Length: +4'], 'body') },
    { name: 'a length that is a list', bytes: requestOf(['Host: a', 'Content-Length: 4, 4'], 'body') },
    { name: 'a length in another notation', bytes: requestOf(['Host: a', 'Content-Length: 0x4'], 'body') },
    { name: 'an empty length', bytes: requestOf(['Host: a', 'Content-Length:'], 'body') },
    { name: 'chunks', bytes: requestOf(['Host: a', 'Transfer-Encoding: chunked'], '0\r\n\r\n') },
    { name: 'chunks and a length', bytes: requestOf(['Host: a', 'Content-Length: 0', 'Transfer-Encoding: chunked']) },
    { name: 'a space before a colon', bytes: requestOf(['Host: a', 'Content-Length : 4'], 'body') },
    { name: 'a folded line', bytes: requestOf(['Host: a', 'A: b', ' Content-Length: 4'], 'body') },
    { name: 'a line without a colon', bytes: requestOf(['Host: a', 'Content-Length 4'], 'body') },
    { name: 'a bare LF', bytes: requestOf(['Host: a\nContent-Length: 4'], 'body') },
    { name: 'a bare CR', bytes: requestOf(['Host: a\rContent-Length: 4'], 'body') },
    { name: 'a NUL', bytes: requestOf(['Host: a\0']) },
    { name: 'a name in another script', bytes: requestOf(['Host: a', 'Ünit: b']) },
    { name: 'a value in another script', bytes: requestOf(['Host: a', 'A: ü']) },
    { name: 'a wish for another protocol', bytes: requestOf(['Host: a', 'Connection: Upgrade', 'Upgrade: websocket']) },
    { name: 'an end of the connection', bytes: requestOf(['Host: a', 'Connection: close']) },
    { name: 'something to wait for', bytes: requestOf(['Host: a', 'Expect: 100-continue']) },
    { name: 'the name of the prototype', bytes: requestOf(['Host: a', '__proto__: b']) },
    {
      name: 'more fields than anybody sends',
      bytes: requestOf(['Host: a', ...Array(65).keys()].map((i) => `A${i}: b`)),
    },
    { name: 'HTTP/1.0', bytes: requestOf(['Host: a'], '', 'GET / HTTP/1.0') },
    { name: 'HTTP/2', bytes: Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') },
    { name: 'HEAD, whose answer has no body', bytes: requestOf(['Host: a'], '', 'HEAD / HTTP/1.1') },
    { name: 'a target that is no path', bytes: requestOf(['Host: a'], '', 'GET http://a/ HTTP/1.1') },
    { name: 'a space in the target', bytes: requestOf(['Host: a'], '', 'GET /a b HTTP/1.1') },
    { name: 'a tab for a space', bytes: requestOf(['Host: a'], '', 'GET\t/ HTTP/1.1') },
    { name: 'an empty line before it', bytes: requestOf(['Host: a'], '', '\r\nGET / HTTP/1.1') },
    { name: 'a method in lower case', bytes: requestOf(['Host: a'], '', 'get / HTTP/1.1') },
  ])('is none with $name', ({ bytes }) => {
    expect(readPlainRequest(bytes, undefined)).toBeUndefined();
  });
});

/** What `node:http` makes of the same bytes: its first request, or undefined if it takes none. */
async function readByNode(bytes: Buffer): Promise<object | undefined> {
  const server = createServer();
  const [client, served] = duplexPair();
  const taken = new Promise<IncomingMessage | undefined>((resolve) => {
    server.on('request', (request) => resolve(request)).on('upgrade', () => resolve(undefined));
    server.on('clientError', () => resolve(undefined));
  });
  server.emit('connection', served);
  client.end(bytes);
  const request = await taken;
  if (request === undefined) return undefined;
  const { method, target, headers, impersonation } = receivedByNode(request, AbortSignal.abort());
  const body = await buffer(request);
  client.destroy();
  served.destroy();
  const asked = Object.entries(impersonation).filter(([name]) => name.startsWith('impersonate-'));
  return { method, target, headers, impersonation: Object.fromEntries(asked), body: body.toString('latin1') };
}

describe('whatever is taken for a plain request', () => {
  it('is the same one to node:http, with the same end', async () => {
    const line = fc.constantFrom(
      ...[
        'Host: a',
        'Host:',
        'Content-Length: 3',
        'content-length:0',
        'Content-Length:\t2 ',
        'Content-Length: 03',
        'Content-Length: 20',
      ],
      ...['Content-Length: 1, 1', 'Content-Length : 2', 'Transfer-Encoding: chunked', 'Transfer-Encoding : chunked'],
      ...[
        'Connection: keep-alive',
        'Connection: Keep-Alive',
        'Connection: close',
        'Accept: a/b, c',
        'X:',
        'X-Y: "z"  ',
      ],
      ...[
        'Impersonate-User: b',
        'Impersonate-Group: c',
        'impersonate-group:\td ',
        'Impersonate-Extra-%2f: ',
        'Impersonate-',
      ],
      ...[' folded', 'X: a\rb', 'X: a\nContent-Length: 1', 'no colon', ': nameless', 'A\tB: c', 'toString: d'],
    );
    const first = fc.constantFrom(
      ...['GET / HTTP/1.1', 'POST /a?b HTTP/1.1', 'PUT /"<>\\^`{|}# HTTP/1.1', 'DELETE /%2e%2e/ HTTP/1.1'],
      ...['PATCH  / HTTP/1.1', 'GET / HTTP/1.1 ', 'GET /\u00fc HTTP/1.1', 'GET / HTTP/1.0', 'HEAD / HTTP/1.1'],
    );
    const body = fc.string({ maxLength: 12 });
    let taken = 0;
    let unfinished = 0;
    await fc.assert(
      fc.asyncProperty(first, fc.array(line, { maxLength: 5 }), body, async (first, lines, body) => {
        const bytes = requestOf(['Host: shop', ...lines].slice(lines.includes('Host: a') ? 1 : 0), body, first);
        const read = readPlainRequest(bytes, undefined);
        if (read === undefined) return;
        taken += 1;
        const { method, target, fields, missing, end } = read;
        const { headers, impersonation } = fields;
        if (missing > 0) unfinished += 1;
        const rest = Buffer.alloc(missing, 'r');
        const ours = Buffer.concat([read.body, rest]).toString('latin1');
        // A client that sends nothing else: what follows would be another request, or no request at all.
        const byNode = await readByNode(Buffer.concat([bytes.subarray(0, end), rest]));
        expect(byNode).toEqual({ method, target, headers, impersonation, body: ours });
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(100);
    expect(unfinished).toBeGreaterThan(0);
  });
});
