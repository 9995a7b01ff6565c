import { expect, test } from 'vitest';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { ApiProblem } from '../api/problem.ts';
import { RetryingRead } from './retrying-read.ts';

/** A page and a server whose answers the test gives. */
function createPage() {
  const clock = createVirtualClock();
  const asked: { readonly at: number; readonly answer: PromiseWithResolvers<string> }[] = [];
  const told: unknown[] = [];
  const reading = new RetryingRead({
    clock,
    random: () => 1,
    read: () => {
      const answer = Promise.withResolvers<string>();
      asked.push({ at: clock.now(), answer });
      return answer.promise;
    },
    onAnswer: (answer) => told.push(answer),
    onProblem: (problem) => told.push(problem),
  });
  /** The last read gets it, and what follows from it has happened. */
  const give = async (answer: string | ApiProblem): Promise<void> => {
    const { resolve, reject, promise } = asked.at(-1)?.answer ?? Promise.withResolvers<string>();
    if (typeof answer === 'string') resolve(answer);
    else reject(answer);
    await Promise.allSettled([promise]);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { clock, reading, told, give, times: () => asked.map(({ at }) => at) };
}

const down = new ApiProblem(503, 'not now');

test('what fails in passing is told, and asked again after growing pauses until there is an answer', async () => {
  const { clock, reading, told, give, times } = createPage();
  reading.ask();
  await give(down);
  clock.advance(250);
  await give(down);
  clock.advance(500);
  await give('here');
  clock.advance(60_000);
  expect([times(), told]).toEqual([
    [0, 250, 750],
    [down, down, 'here'],
  ]);
});

test('news hurry nobody who was told to wait, and a person does', async () => {
  const { clock, reading, give, times } = createPage();
  reading.ask();
  await give(new ApiProblem(429, 'too many', { retryAfterMilliseconds: 30_000 }));
  clock.advance(1_000);
  reading.askUnlessComing();
  expect(times()).toEqual([0]);
  reading.ask();
  expect(times()).toEqual([0, 1_000]);
  await give('here');
  reading.askUnlessComing();
  expect(times()).toEqual([0, 1_000, 1_000]);
});

test('what would fail again is told once', async () => {
  const { clock, reading, told, give, times } = createPage();
  const gone = new ApiProblem(404, 'there is none');
  reading.ask();
  await give(gone);
  clock.advance(3_600_000);
  expect([times(), told]).toEqual([[0], [gone]]);
});

test('who has left is told nothing, and asks nothing any more', async () => {
  const { clock, reading, told, give, times } = createPage();
  reading.ask();
  reading.stop();
  await give('late');
  reading.ask();
  clock.advance(60_000);
  expect([times(), told]).toEqual([[0], []]);
});
