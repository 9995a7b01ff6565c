import { describe, expect, test } from 'vitest';
import type { Check } from '../../api/check.ts';
import { judgeSamples, type JudgedSamples } from './judge-sample.ts';
import { loadCompile } from './load-compile.ts';
import { failure, noData, value } from './sample.ts';

const compile = await loadCompile();

function judge(successWhen: string, judged: JudgedSamples, more: Partial<Check> = {}) {
  const baseline = judged.baseline !== undefined;
  const check: Check = { name: 'errors', provider: {}, successWhen, baseline, ...more };
  return judgeSamples(check, judged, { during: 'release', compile });
}

describe('what a measurement comes to', () => {
  test.each<
    [rule: string, successWhen: string, judged: JudgedSamples, said: readonly [outcome: string, reason?: string]]
  >([
    ['passes where the expression is true', 'value < 0.05', { value: value(0.01), samples: 1 }, ['passed']],
    [
      'fails where it is false, with the numbers',
      'value < 0.05',
      { value: value(0.07), samples: 1 },
      ['failed', 'value 0.07: not value < 0.05'],
    ],
    ['compares a double with a whole number', 'value <= 1', { value: value(1), samples: 1 }, ['passed']],
    [
      'compares with stable',
      'value <= baseline * 2.0',
      { value: value(0.07), baseline: value(0.01), samples: 1 },
      ['failed', 'value 0.07, baseline 0.01: not value <= baseline * 2.0'],
    ],
    ['knows how many samples there are', 'samples >= 50 && value < 1.0', { value: value(0), samples: 50 }, ['passed']],
    [
      'judges an infinite value',
      'value < 5.0',
      { value: value(Infinity), samples: 1 },
      ['failed', 'value +Inf: not value < 5.0'],
    ],
    [
      'never judges what is not a number',
      'value < 5.0 || true',
      { value: value(NaN), samples: 1 },
      ['noData', 'the value is not a number (NaN)'],
    ],
    ['has no data where there is none', 'true', { value: noData('no series'), samples: 0 }, ['noData', 'no series']],
    [
      'is an error where it could not be measured',
      'true',
      { value: failure('refused'), samples: 0 },
      ['error', 'refused'],
    ],
    [
      'has no data where stable has none',
      'value <= baseline',
      { value: value(1), baseline: noData('no series'), samples: 1 },
      ['noData', 'stable: no series'],
    ],
    [
      'is an error where stable could not be measured',
      'value <= baseline',
      { value: value(1), baseline: failure('refused'), samples: 1 },
      ['error', 'stable: refused'],
    ],
    [
      'is an error where the expression comes to nothing',
      '1 / (samples - 1) == 0 && value < 1.0',
      { value: value(0), samples: 1 },
      ['error', 'successWhen: division by zero'],
    ],
    [
      'keeps what the source warned of',
      'value < 0.05',
      { value: value(0.01, ['partial answer']), samples: 1 },
      ['passed', 'warned: partial answer'],
    ],
  ])('%s', (_, successWhen, judged, [outcome, reason]) => {
    const found = judge(successWhen, judged);
    expect({ outcome: found.outcome, reason: found.reason }).toEqual({ outcome, reason });
  });

  test('is inconclusive with fewer samples than are wanted, whatever the value says', () => {
    expect(judge('value < 0.05', { value: value(0.5), samples: 49 }, { minSamples: 50 })).toEqual({
      outcome: 'inconclusive',
      value: '0.5',
      samples: 49,
      reason: '49 samples, at least 50 are wanted',
    });
    expect(judge('value < 0.05', { value: value(0.5), samples: 50 }, { minSamples: 50 }).outcome).toBe('failed');
  });

  test('knows no baseline where none is measured', () => {
    expect(judge('value < baseline', { value: value(1), samples: 1 })).toMatchObject({ outcome: 'error' });
  });
});
