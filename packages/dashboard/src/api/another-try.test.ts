import { expect, test } from 'vitest';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { AnotherTry, calculatePause } from './another-try.ts';
import { ApiProblem, parseRetryAfter } from './problem.ts';

/** When each try was made that failed with what is given. */
function tryUntil(milliseconds: number, failWith: () => unknown) {
  const clock = createVirtualClock();
  const asked: number[] = [];
  const again = new AnotherTry({ clock, random: () => 1, ask });
  ask();
  clock.advance(milliseconds);
  return { again, asked };

  function ask(): void {
    asked.push(clock.now());
    again.hear(failWith());
  }
}

test('a server that does not answer is asked after longer and longer pauses, up to ten seconds', () => {
  const { asked } = tryUntil(60_000, () => new ApiProblem(0, 'nobody'));
  const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
  expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000]);
});

test('begins anew with short pauses after an answer', () => {
  const answers = [new ApiProblem(0, ''), new ApiProblem(0, ''), undefined];
  const { again, asked } = tryUntil(60_000, () => answers.shift());
  expect([asked, again.isComing]).toEqual([[0, 250, 750], false]);
  again.hear(new ApiProblem(503, ''));
  expect(again.isComing).toBe(true);
  again.stop();
  expect(again.isComing).toBe(false);
});

test('who is told when to come asks not before, and not all at once', () => {
  const { asked } = tryUntil(65_000, () => new ApiProblem(429, 'too many', { retryAfterMilliseconds: 30_000 }));
  expect(asked).toEqual([0, 30_250, 60_750]);
  const pauses = [0, 1].map((random) =>
    calculatePause(new ApiProblem(503, '', { retryAfterMilliseconds: 5_000 }), 3, random),
  );
  expect(pauses).toEqual([6_000, 7_000]);
});

test('nobody waits longer than an hour and ten seconds, whatever is asked for', () => {
  const problem = new ApiProblem(503, '', { retryAfterMilliseconds: 1e15 });
  expect(calculatePause(problem, 20, 1)).toBe(3_610_000);
});

test.each([0, 408, 429, 500, 502, 503, 504])('%i passes', (status) => {
  expect(calculatePause(new ApiProblem(status, ''), 0, 1)).toBe(250);
});

test.each([400, 401, 403, 404, 409, 412, 422, 426])('%i would be the same again', (status) => {
  expect(calculatePause(new ApiProblem(status, '', { retryAfterMilliseconds: 1_000 }), 0, 1)).toBeUndefined();
});

test('an error that is none of the server is not asked about again', () => {
  expect(calculatePause(new SyntaxError('no JSON'), 0, 1)).toBeUndefined();
});

test.each([
  { name: 'seconds', headers: { 'retry-after': '30' }, milliseconds: 30_000 },
  {
    name: 'a time, by the clock of the server',
    headers: { 'retry-after': 'Sun, 06 Nov 1994 08:50:07 GMT', date: 'Sun, 06 Nov 1994 08:49:37 GMT' },
    milliseconds: 30_000,
  },
  {
    name: 'a time that is over',
    headers: { 'retry-after': 'Sun, 06 Nov 1994 08:49:00 GMT', date: 'Sun, 06 Nov 1994 08:49:37 GMT' },
    milliseconds: 0,
  },
  { name: 'nothing', headers: {}, milliseconds: undefined },
  { name: 'something else', headers: { 'retry-after': 'soon' }, milliseconds: undefined },
])('may be told by $name', ({ headers, milliseconds }) => {
  expect(parseRetryAfter(new Headers(headers as Record<string, string>))).toBe(milliseconds);
});
