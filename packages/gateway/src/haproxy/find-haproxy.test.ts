import { describe, expect, test } from 'vitest';
import { judgeVersion } from './find-haproxy.ts';

describe('a version of HAProxy', () => {
  test.each([
    { output: 'HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/', kind: 'found' },
    { output: 'HAProxy version 3.0.1', kind: 'found' },
    { output: 'HA-Proxy version 2.2.9-2+deb11u6 2023/12/15', kind: 'unusable' },
    { output: 'something else', kind: 'unusable' },
  ])('is judged by "$output": $kind', ({ output, kind }) => {
    expect(judgeVersion('/usr/sbin/haproxy', output).kind).toBe(kind);
  });

  test('is named with what to do when it is too old', () => {
    expect(judgeVersion('/usr/sbin/haproxy', 'HA-Proxy version 2.2.9')).toEqual({
      kind: 'unusable',
      reason: '/usr/sbin/haproxy is version 2.2.9; install HAProxy 2.6 or later (Debian: apt-get install haproxy)',
    });
  });
});
