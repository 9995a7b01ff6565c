import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkedScanner } from './chunked.ts';
import { ProtocolError } from './protocol-error.ts';
import { parseRequestHead } from './request-head.ts';
import { parseResponseHead } from './response-head.ts';

const get = (...lines: string[]): string => ['GET /a?b HTTP/1.1', 'Host: shop', ...lines].join('\r\n');

describe('a request head', () => {
  test('is read', () => {
    expect(parseRequestHead(get('X-One:  two ', 'Connection: close, X-Hop'))).toMatchObject({
      method: 'GET',
      target: '/a?b',
      path: '/a',
      host: 'shop',
      keepAlive: false,
      connection: ['close', 'x-hop'],
      framing: { kind: 'none' },
      fields: [{ key: 'host' }, { name: 'X-One', key: 'x-one', value: 'two' }, { key: 'connection' }],
    });
  });

  const accepted = [
    { name: 'a length', head: get('Content-Length: 12'), as: { framing: { kind: 'length', length: 12 } } },
    { name: 'chunked in any case', head: get('Transfer-Encoding: Chunked'), as: { framing: { kind: 'chunked' } } },
    {
      name: 'the absolute form of its own host',
      head: 'GET http://Shop/a HTTP/1.1\r\nHost: shop',
      as: { target: '/a', host: 'shop' },
    },
    {
      name: 'the absolute form without a path',
      head: 'GET http://shop?x HTTP/1.1\r\nHost: shop',
      as: { target: '/?x' },
    },
    { name: 'OPTIONS *', head: 'OPTIONS * HTTP/1.1\r\nHost: shop', as: { target: '*' } },
    { name: 'HTTP/1.0 without a Host', head: 'GET / HTTP/1.0', as: { host: '', keepAlive: false } },
    { name: 'HTTP/1.0 that stays', head: 'GET / HTTP/1.0\r\nConnection: keep-alive', as: { keepAlive: true } },
    {
      name: 'a host with port and final dot',
      head: 'GET / HTTP/1.1\r\nHost: Shop.:8080',
      as: { host: 'shop', authority: 'Shop.:8080' },
    },
    { name: 'an IPv6 host', head: 'GET / HTTP/1.1\r\nHost: [::1]:80', as: { host: '[::1]' } },
    { name: 'an empty value', head: get('X-Empty:'), as: {} },
    { name: 'upgrade', head: get('Connection: Upgrade', 'Upgrade: websocket'), as: { upgrade: 'websocket' } },
    {
      name: 'upgrade to HTTP/2 without it',
      head: get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: websocket, h2c', 'HTTP2-Settings: AAMAAABk'),
      as: { upgrade: undefined },
    },
    {
      name: 'upgrade of HTTP/1.0, which has none, without it',
      head: 'GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket',
      as: { upgrade: undefined },
    },
  ];
  test.for(accepted)('takes $name', ({ head, as }) => {
    expect(parseRequestHead(head)).toMatchObject(as);
  });

  const refused = [
    { name: 'two different lengths', head: get('Content-Length: 1', 'Content-Length: 2') },
    { name: 'the same length twice', head: get('Content-Length: 1', 'Content-Length: 1') },
    { name: 'a list of lengths', head: get('Content-Length: 1, 1') },
    { name: 'a length that is to be dropped', head: get('Content-Length: 1', 'Connection: close, Content-Length') },
    { name: 'a host that is to be dropped', head: get('Connection: host') },
    { name: 'a signed length', head: get('Content-Length: +1') },
    { name: 'a negative length', head: get('Content-Length: -1') },
    { name: 'a hexadecimal length', head: get('Content-Length: 0x10') },
    { name: 'an empty length', head: get('Content-Length:') },
    { name: 'a length with a space in it', head: get('Content-Length: 1 0') },
    { name: 'a length past what is exact', head: get('Content-Length: 9999999999999999') },
    { name: 'a length beside chunked', head: get('Content-Length: 1', 'Transfer-Encoding: chunked') },
    { name: 'chunked beside a length', head: get('Transfer-Encoding: chunked', 'Content-Length: 1') },
    { name: 'chunked twice', head: get('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') },
    { name: 'chunked, chunked', head: get('Transfer-Encoding: chunked, chunked') },
    { name: 'another coding', head: get('Transfer-Encoding: gzip, chunked') },
    { name: 'identity', head: get('Transfer-Encoding: identity') },
    { name: 'a coding that looks like chunked', head: get('Transfer-Encoding: xchunked') },
    { name: 'a coding behind a vertical tab', head: get('Transfer-Encoding: \vchunked') },
    { name: 'a coding in quotes', head: get('Transfer-Encoding: "chunked"') },
    { name: 'chunked in HTTP/1.0', head: 'POST / HTTP/1.0\r\nHost: shop\r\nTransfer-Encoding: chunked' },
    { name: 'a space before the colon', head: get('Content-Length : 1') },
    { name: 'a tab before the colon', head: get('Content-Length\t: 1') },
    { name: 'a space before the name', head: get(' Content-Length: 1') },
    { name: 'a folded line', head: get('X-One: 1', '\tTransfer-Encoding: chunked') },
    { name: 'a folded first header', head: 'GET / HTTP/1.1\r\n Host: shop' },
    { name: 'a line without a colon', head: get('Nothing') },
    { name: 'an empty name', head: get(': x') },
    { name: 'a bare LF between headers', head: get('X-One: 1\nContent-Length: 5') },
    { name: 'a bare CR in a value', head: get('X-One: 1\rContent-Length: 5') },
    { name: 'NUL in a value', head: get('X-One: 1\0') },
    { name: 'NUL in a name', head: get('X\0-One: 1') },
    { name: 'DEL', head: get('X-One: \x7f') },
    { name: 'no Host', head: 'GET / HTTP/1.1' },
    { name: 'two Hosts', head: get('Host: other') },
    { name: 'the same Host twice', head: get('Host: shop') },
    { name: 'a Host with a path', head: 'GET / HTTP/1.1\r\nHost: shop/x' },
    { name: 'a Host with a user', head: 'GET / HTTP/1.1\r\nHost: a@shop' },
    { name: 'a list of hosts', head: 'GET / HTTP/1.1\r\nHost: shop, other' },
    { name: 'an absolute form of another host', head: 'GET http://other/ HTTP/1.1\r\nHost: shop' },
    { name: 'an absolute form with a user', head: 'GET http://a@shop/ HTTP/1.1\r\nHost: shop' },
    { name: 'another scheme', head: 'GET ftp://shop/ HTTP/1.1\r\nHost: shop' },
    { name: 'a relative target', head: 'GET a HTTP/1.1\r\nHost: shop' },
    { name: '* for GET', head: 'GET * HTTP/1.1\r\nHost: shop' },
    { name: 'CONNECT', head: 'CONNECT shop:443 HTTP/1.1\r\nHost: shop' },
    { name: 'a fragment', head: 'GET /a#b HTTP/1.1\r\nHost: shop' },
    { name: 'two spaces in the request line', head: 'GET  / HTTP/1.1\r\nHost: shop' },
    { name: 'a tab in the request line', head: 'GET\t/ HTTP/1.1\r\nHost: shop' },
    { name: 'a space in the target', head: 'GET /a b HTTP/1.1\r\nHost: shop' },
    { name: 'a byte past ASCII in the target', head: 'GET /\xe4 HTTP/1.1\r\nHost: shop' },
    { name: 'HTTP/0.9', head: 'GET /' },
    { name: 'HTTP/2.0', head: 'GET / HTTP/2.0\r\nHost: shop' },
    { name: 'a method that is no token', head: 'G(T / HTTP/1.1\r\nHost: shop' },
    { name: 'a lower-case protocol', head: 'GET / http/1.1\r\nHost: shop' },
    { name: 'too many headers', head: get(...Array.from({ length: 200 }, (_, index) => `X-${index}: 1`)) },
  ];
  test.for(refused)('refuses $name', ({ head }) => {
    expect(() => parseRequestHead(head)).toThrow(ProtocolError);
  });

  test('never fails otherwise, whatever the bytes', () => {
    const line = fc.string({
      unit: fc.constantFrom('a', ':', ' ', '\t', '\r', '\n', '\0', ',', '/', '1', 'Host', 'Content-Length', 'chunked'),
    });
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        expect(failureOf(() => parseRequestHead(get(...lines)))).toSatisfy(
          (error) => error === undefined || error instanceof ProtocolError,
        );
      }),
    );
  });
});

describe('a response head', () => {
  const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines].join('\r\n');
  const accepted = [
    { name: 'no reason', text: 'HTTP/1.1 200', method: 'GET', as: { status: 200, reason: '' } },
    {
      name: 'no length: until it closes',
      text: head(),
      method: 'GET',
      as: { framing: { kind: 'untilClose' }, keepAlive: false },
    },
    {
      name: 'HEAD: no body whatever the length',
      text: head('Content-Length: 5'),
      method: 'HEAD',
      as: { framing: { kind: 'none' }, keepAlive: true },
    },
    {
      name: '304 with a length',
      text: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5',
      method: 'GET',
      as: { framing: { kind: 'none' } },
    },
    { name: '100', text: 'HTTP/1.1 100 Continue', method: 'POST', as: { framing: { kind: 'none' } } },
    {
      name: 'chunked',
      text: head('Transfer-Encoding: chunked'),
      method: 'GET',
      as: { framing: { kind: 'chunked' }, keepAlive: true },
    },
    { name: 'HTTP/1.0 closes', text: 'HTTP/1.0 200 OK\r\nContent-Length: 1', method: 'GET', as: { keepAlive: false } },
  ];
  test.for(accepted)('with $name', ({ text, method, as }) => {
    expect(parseResponseHead(text, method)).toMatchObject(as);
  });

  const refused = [
    { name: 'both kinds of length', text: head('Content-Length: 1', 'Transfer-Encoding: chunked') },
    { name: 'two lengths', text: head('Content-Length: 1', 'Content-Length: 2') },
    { name: 'a folded line', text: head('X: 1', ' y') },
    { name: 'a bare LF', text: head('X: 1\nSet-Cookie: a') },
    { name: 'another protocol', text: 'ICY 200 OK' },
    { name: 'a code of two digits', text: 'HTTP/1.1 20 OK' },
  ];
  test.for(refused)('refuses $name', ({ text }) => {
    expect(() => parseResponseHead(text, 'GET')).toThrow(ProtocolError);
  });
});

/** Feeds the text in pieces of the given sizes, again and again. */
function scan(
  mode: 'keep' | 'strip',
  text: string,
  sizes: readonly number[],
): { output: string; rest: string; isDone: boolean } {
  const scanner = new ChunkedScanner(mode);
  const bytes = Buffer.from(text, 'latin1');
  let output = '';
  let at = 0;
  for (let turn = 0; at < bytes.length && !scanner.isDone; turn++) {
    const piece = bytes.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
    at += scanner.scan(piece, 0, (slice) => (output += slice.toString('latin1')));
  }
  return { output, rest: text.slice(at), isDone: scanner.isDone };
}

describe('a chunked body', () => {
  test('is the same in whatever pieces it arrives, and ends where it ends', () => {
    const chunk = fc.record({
      data: fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }),
      extension: fc.constantFrom('', ';a', ';a=b', ';a="b c"'),
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(chunk), fc.constantFrom('', 'X-Sum: 1\r\n'), sizes, (chunks, trailers, sizes) => {
        const frame = (extension: boolean): string =>
          `${chunks.map((one) => `${one.data.length.toString(16)}${extension ? one.extension : ''}\r\n${one.data}\r\n`).join('')}0\r\n${trailers}\r\n`;
        const text = `${frame(true)}GET /next`;
        expect(scan('keep', text, sizes)).toEqual({ output: frame(false), rest: 'GET /next', isDone: true });
        expect(scan('strip', text, sizes)).toEqual({
          output: chunks.map((one) => one.data).join(''),
          rest: 'GET /next',
          isDone: true,
        });
      }),
    );
  });

  const refused = [
    { name: 'no size', body: '\r\n' },
    { name: 'a size in words', body: 'five\r\nhello\r\n' },
    { name: 'a size with a prefix', body: '0x5\r\nhello\r\n' },
    { name: 'a signed size', body: '-5\r\nhello\r\n' },
    { name: 'a size that overflows', body: 'fffffffffffffffff\r\n' },
    { name: 'a size with a space before it', body: ' 5\r\nhello\r\n' },
    { name: 'a size with a space behind it', body: '5 \r\nhello\r\n' },
    { name: 'a size that ends with LF alone', body: '5\nhello\r\n' },
    { name: 'a size that ends with CR alone', body: '5\rhello\r\n' },
    { name: 'data that is longer than its size', body: '3\r\nhello\r\n' },
    { name: 'data that ends with LF alone', body: '5\r\nhello\n0\r\n\r\n' },
    { name: 'a bare LF in an extension', body: '5;a\nb\r\nhello\r\n' },
    { name: 'an extension without end', body: `5;${'a'.repeat(1_000)}\r\nhello\r\n` },
    { name: 'a trailer that declares a length', body: '0\r\nContent-Length: 5\r\n\r\n' },
    { name: 'a trailer that names a host', body: '0\r\nHost: other\r\n\r\n' },
    { name: 'a folded trailer', body: '0\r\nX: 1\r\n y\r\n\r\n' },
    { name: 'trailers that end with LF alone', body: '0\r\nX: 1\n\n' },
    { name: 'trailers without end', body: `0\r\n${'X: 1\r\n'.repeat(2_000)}\r\n` },
  ];
  test.for(refused)('refuses $name', ({ body }) => {
    for (const sizes of [[1], [7], [100_000]]) expect(() => scan('keep', body, sizes)).toThrow(ProtocolError);
  });
});

function failureOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
