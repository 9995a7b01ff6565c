import { Script } from 'node:vm';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { CelScope } from '../cel.ts';
import { requireWatch, watchedAtNeed, withinBudget } from './budget.ts';
import { CelLimitError } from './types.ts';

const watching = vi.spyOn(Script.prototype, 'runInContext');

afterEach(() => watching.mockClear());
afterAll(() => watching.mockRestore());

function evaluate(expression: string, repeated = 1): unknown {
  const scope = new CelScope({ self: { kind: 'list', items: { kind: 'string' } } }, [expression]);
  const texts = ['b', `${'a'.repeat(60)}!`];
  const self = Array.from({ length: repeated }, () => texts).flat();
  return scope.compile(expression).evaluate({ self });
}

describe('an evaluation', () => {
  test('of loops that end takes no thread that watches it', () => {
    expect(evaluate('self.all(x, x.size() > 0)')).toBe(true);
    expect(watching).not.toHaveBeenCalled();
  });

  test('that holds a short text against a tame pattern takes none either', () => {
    expect(evaluate('self.exists(x, x.matches("^[a-z]([-a-z0-9]*[a-z0-9])?$"))')).toBe(true);
    expect(watching).not.toHaveBeenCalled();
  });

  test('that holds a long text against a pattern is watched', () => {
    expect(evaluate(`("b" + ${JSON.stringify('c'.repeat(300))}).matches("^bc*$")`)).toBe(true);
    expect(watching).toHaveBeenCalled();
  });

  test('that holds a text against a pattern that may run away is watched', () => {
    expect(evaluate('self.exists(x, x.matches("^(b)+$"))')).toBe(true);
    expect(watching).toHaveBeenCalled();
  });

  test('is watched also where what refused to go on without was taken for a fault of one side', () => {
    expect(evaluate('self.exists(x, x.matches("^(b)+$")) || self.exists(x, x == "c")')).toBe(true);
    expect(watching).toHaveBeenCalled();
  });

  test('of many turns is watched', () => {
    watching.mockImplementationOnce(() => {
      throw new CelLimitError('it is watched');
    });
    expect(() => evaluate('self.all(x, self.all(y, x.size() + y.size() > 0))', 20)).toThrow('it is watched');
  });

  test('that goes back and forth for ever is given up', () => {
    expect(() => evaluate('self.exists(x, x.matches("^(a+)+$"))')).toThrow(CelLimitError);
  });
});

describe('work that is tried without a watch', () => {
  test('is begun again under watch although what it threw was caught on the way', () => {
    let begun = 0;
    const work = (): string => {
      begun += 1;
      try {
        requireWatch();
        return 'watched';
      } catch {
        return 'unwatched';
      }
    };
    expect(watchedAtNeed(work, 100)).toBe('watched');
    expect(begun).toBe(2);
  });

  test('keeps its own errors', () => {
    expect(() => withinBudget(() => JSON.parse('{'))).toThrow(SyntaxError);
    expect(watching).not.toHaveBeenCalled();
  });

  test('inside other work shares its watch', () => {
    expect(watchedAtNeed(() => withinBudget(() => 1) + watchedAtNeed(() => 1, 100), 100)).toBe(2);
    expect(watching).not.toHaveBeenCalled();
  });
});
