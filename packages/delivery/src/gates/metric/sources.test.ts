/** What answers mean. */
import { describe, expect, test } from 'vitest';
import { parseJsonPath } from './json-path.ts';
import { queryUrl, readPrometheus } from './prometheus.ts';
import { isReachable } from './reachable-address.ts';
import type { Sample } from './sample.ts';
import { parseInterval } from './terms.ts';
import { readWeb } from './web.ts';

function answer(data: unknown, more: object = {}): string {
  return JSON.stringify({ status: 'success', data, ...more });
}

function vector(...values: readonly string[]): unknown {
  const result = values.map((value, index) => ({
    metric: { __name__: 'errors', pod: `p${index}` },
    value: [1.5, value],
  }));
  return { resultType: 'vector', result };
}

function describeSample(sample: Sample): string {
  return sample.type === 'value'
    ? `${sample.value} ${(sample.warnings ?? []).join(', ')}`.trim()
    : `${sample.type}: ${sample.reason}`;
}

describe('an answer of Prometheus', () => {
  test.each<[rule: string, status: number, body: string, said: string]>([
    ['is the value of the one series', 200, answer(vector('0.25')), '0.25'],
    ['is a scalar', 200, answer({ resultType: 'scalar', result: [1, '3'] }), '3'],
    ['may be infinite', 200, answer(vector('+Inf')), 'Infinity'],
    ['keeps warnings', 200, answer(vector('1'), { warnings: ['partial'], infos: ['no rate'] }), '1 partial, no rate'],
    ['is no data without a series', 200, answer(vector()), 'noData: the query comes to no series'],
    [
      'is no data with the warnings that explain it',
      200,
      answer(vector(), { warnings: ['partial'] }),
      'noData: the query comes to no series; warned: partial',
    ],
    ['is no data where the value is NaN', 200, answer(vector('NaN')), 'noData: the value is not a number (NaN)'],
    [
      'is an error that names the series where there are several',
      200,
      answer(vector('1', '2')),
      'error: the query comes to 2 series, expected one: errors{pod="p0"}, errors{pod="p1"}',
    ],
    [
      'names some of very many',
      200,
      answer(vector(...Array.from({ length: 900 }, () => '1'))),
      'error: the query comes to 900 series, expected one: errors{pod="p0"}, errors{pod="p1"}, errors{pod="p2"}, errors{pod="p3"}, errors{pod="p4"} and 895 more',
    ],
    [
      'is an error with a range',
      200,
      answer({ resultType: 'matrix', result: [] }),
      'error: the query comes to a matrix, expected one series or a scalar',
    ],
    [
      'is an error with a native histogram',
      200,
      answer({ resultType: 'vector', result: [{ metric: {}, histogram: [1, {}] }] }),
      'error: the series is a native histogram, expected a number: use histogram_quantile or rate of its count',
    ],
    [
      'is an error as Prometheus says it',
      400,
      JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error' }),
      'error: Prometheus answered 400: bad_data: parse error',
    ],
    ['is an error without JSON', 502, '<html>', 'error: Prometheus answered 502 without JSON'],
    [
      'is an error with JSON of somebody else',
      200,
      '{}',
      'error: Prometheus answered 200: neither success nor an error',
    ],
    [
      'is an error without a value',
      200,
      answer({ resultType: 'scalar', result: [1] }),
      'error: Prometheus answered with a value that is no number',
    ],
  ])('%s', (_, status, body, said) => {
    expect(describeSample(readPrometheus(status, body))).toBe(said);
  });

  test('comes from below the path of its address', () => {
    expect(queryUrl(new URL('http://p:9090/prom/'), 'a{b="c d"}').href).toBe(
      'http://p:9090/prom/api/v1/query?query=a%7Bb%3D%22c+d%22%7D',
    );
  });
});

describe('an answer of a web server', () => {
  const body = JSON.stringify({ data: { items: [{ 'error.rate': 0.5 }], text: '7', none: null, yes: true } });

  test.each<[rule: string, answer: readonly [status: number, body: string], path: string, said: string]>([
    ['is the number at the path', [200, body], "$.data.items[0]['error.rate']", '0.5'],
    ['is read by a path as kubectl writes it', [200, body], '{.data.text}', '7'],
    ['is no data where there is null', [200, body], '$.data.none', 'noData: the answer has null at $.data.none'],
    [
      'is an error that says from where there is nothing',
      [200, body],
      '$.data.item[0].x',
      'error: the answer has nothing at $.data.item',
    ],
    [
      'is an error where there is no number',
      [200, body],
      '$.data.yes',
      'error: the answer has no number at $.data.yes, but a boolean',
    ],
    [
      'is an error where there is a list',
      [200, body],
      '$.data.items',
      'error: the answer has no number at $.data.items, but a list',
    ],
    ['is an error that is not 2xx', [404, body], '$.data.text', 'error: the server answered 404, expected 2xx'],
    ['is an error without JSON', [200, 'hello'], '$.a', 'error: the server answered 200 without JSON'],
    [
      'finds nothing that every object has',
      [200, body],
      '$.constructor.name',
      'error: the answer has nothing at $.constructor',
    ],
  ])('%s', (_, [status, text], path, said) => {
    expect(describeSample(readWeb(status, text, path))).toBe(said);
  });

  test.each(['', '$', '{}', '$..a', '$.a[*]', '$.a[-1]', '$.a[?(@.b)]', '.a b', '$.a.'])('has no path %j', (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  });
});

describe('an address', () => {
  test.each([
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '100.100.100.200',
  ])('%s is never asked', (address) => {
    expect(isReachable(address, { loopback: true })).toBe(false);
  });

  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s is asked where that is allowed', (address) => {
    expect(isReachable(address, { loopback: true })).toBe(true);
    expect(isReachable(address, { loopback: false })).toBe(false);
  });

  test.each(['10.0.0.7', '192.168.1.1', '203.0.113.9', '2001:db8::1', 'fd12::1'])('%s is asked', (address) => {
    expect(isReachable(address, { loopback: false })).toBe(true);
  });
});

test.each([
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['24h', 86_400_000],
  ['', undefined],
  ['0s', undefined],
  ['25h', undefined],
  ['30', undefined],
  ['-1s', undefined],
])('the interval %j is %s milliseconds', (text, milliseconds) => {
  expect(parseInterval(text)).toBe(milliseconds);
});
