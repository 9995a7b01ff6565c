import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recklessHistory, runReckless } from '../../testing/reckless.ts';
import { rules } from './rules.ts';

const runs = 2_000;

describe('the interlock, before a planner that wants anything at any time', () => {
  test('keeps the world whole', () => {
    const run = (): void =>
      fc.assert(
        fc.property(recklessHistory, (history) => runReckless(history, rules)),
        { numRuns: runs },
      );
    expect(run).not.toThrow();
  }, 120_000);

  test.each(rules.map((rule) => [rule.name, rule] as const))('does not without the rule "%s"', (_, broken) => {
    const others = rules.filter((rule) => rule !== broken);
    const result = fc.check(
      fc.property(recklessHistory, (history) => runReckless(history, others)),
      { numRuns: runs, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });
});
