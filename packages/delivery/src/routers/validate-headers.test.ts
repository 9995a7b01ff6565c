import { expect, test } from 'vitest';
import { validateHeaders } from './validate-headers.ts';

test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
  ['is one line under a name', { 'X-Frame-Options': 'DENY', 'Cache-Control': 'max-age=60, public' }, []],
  [
    'has a name that is one',
    { 'X Frame': 'DENY' },
    ['spec.route.responseHeaders["X Frame"]: is not the name of a header, expected one such as X-Frame-Options'],
  ],
  [
    'has no end of a line in its value',
    { 'X-A': 'b\r\nSet-Cookie: c' },
    ['spec.route.responseHeaders["X-A"]: must be one line of visible characters, or answers could be forged by it'],
  ],
  [
    'does not say where a message ends',
    { 'Content-Length': '3' },
    [
      'spec.route.responseHeaders["Content-Length"]: frames a message or names a connection, which only a gateway can: remove it',
    ],
  ],
])('a header that a route sets %s', (_, responseHeaders, said) => {
  const faults = validateHeaders({ route: { responseHeaders } });
  expect(faults.map(({ field, message }) => `${field}: ${message}`)).toEqual(said);
});
