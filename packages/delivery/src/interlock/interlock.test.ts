import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recklessHistory, runReckless, type RecklessHistory } from '../../testing/reckless.ts';
import { rules } from './rules.ts';

const runs = 4_000;

describe('the interlock, before a planner that wants anything at any time', () => {
  test('keeps the world whole', () => {
    const run = (): void =>
      fc.assert(
        fc.property(recklessHistory, (history) => runReckless(history, rules)),
        { numRuns: runs },
      );
    expect(run).not.toThrow();
  }, 120_000);

  test('keeps a ready pod that the endpoints still call unready', () => {
    const history: RecklessHistory = {
      history: {
        strategy: { type: 'blueGreen' },
        routed: false,
        replicas: 1,
        happenings: [
          ...Array.from({ length: 5 }, () => ({ type: 'round' }) as const),
          { type: 'allUnready' },
          { type: 'endpoints' },
          { type: 'ready', pod: 0 },
        ],
      },
      wishes: [{ type: 'leave', version: 0, amount: 1, weights: [100, 0] }],
    };
    expect(() => runReckless(history, rules)).not.toThrow();
  });

  test.each(rules.map((rule) => [rule.name, rule] as const))('does not without the rule "%s"', (_, broken) => {
    const others = rules.filter((rule) => rule !== broken);
    const result = fc.check(
      fc.property(recklessHistory, (history) => runReckless(history, others)),
      { numRuns: runs, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });
});
