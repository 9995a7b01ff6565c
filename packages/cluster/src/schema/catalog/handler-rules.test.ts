import { describe, expect, it } from 'vitest';
import { checkDestination } from './handler-rules.ts';

function said(handler: Parameters<typeof checkDestination>[0]): readonly string[] {
  return checkDestination(handler, 'p').map(({ field, message }) => `${field}: ${message}`);
}

const range = 'must be between 1 and 65535, inclusive';

describe('where a probe or a hook goes', () => {
  it.each([
    { httpGet: { port: 'http', path: '/', scheme: 'HTTPS' as const, httpHeaders: [{ name: 'X-A', value: 'b' }] } },
    { tcpSocket: { port: 65_535 } },
    { grpc: { port: 1 } },
    {},
  ])('may be %j', (handler) => {
    expect(said(handler)).toEqual([]);
  });

  it('is a port, by its number or name', () => {
    expect(said({ httpGet: { port: 0 }, tcpSocket: { port: 65_536 }, grpc: { port: 0 } })).toEqual([
      `p.httpGet.port: Invalid value: 0: ${range}`,
      `p.tcpSocket.port: Invalid value: 65536: ${range}`,
      `p.grpc.port: Invalid value: 0: ${range}`,
    ]);
    expect(said({ httpGet: { port: '80' } })).toEqual([
      'p.httpGet.port: Invalid value: "80": must contain at least one letter (a-z)',
    ]);
  });

  it('is asked by a scheme and headers that there are', () => {
    const httpGet = { port: 80, scheme: 'FTP' as 'HTTP', httpHeaders: [{ name: 'a b', value: '' }] };
    expect(said({ httpGet })).toEqual([
      'p.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
      `p.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
    ]);
  });

  it('is asked by headers that have names', () => {
    const unnamed = JSON.parse('[{}]');
    expect(said({ httpGet: { port: 80, httpHeaders: unnamed } })).toEqual([
      `p.httpGet.httpHeaders: Invalid value: "": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
    ]);
  });
});
