import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import type { RefusedVersion } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import { liftRefusal } from './refused-versions.ts';

function release(version: string): Release {
  return {
    metadata: { name: `shop-${version}` },
    spec: releaseSpec({ version, identity: { template: 'h1:a', configuration: 'h1:b' }, drainSeconds: 1 }),
  };
}

describe('taking a refusal back', () => {
  const refused: RefusedVersion = {
    version: 'v2',
    hash: 'h1:a/h1:b',
    by: 'a person',
    at: '',
    reason: '',
    generation: 1,
  };

  test('means the version', () => {
    expect(liftRefusal([refused], release('v2'))).toEqual([{ ...refused, lifted: true }]);
  });

  test('does not mean another version of the same content', () => {
    expect(liftRefusal([refused], release('v1'))).toEqual([refused]);
  });
});
