import { describe, expect, it } from 'vitest';
import { maximumContainers, selectRuns, type LogRun } from './log-runs.ts';

const runsOf = (container: number): readonly LogRun[] =>
  ['before', 'now'].map((when) => ({
    key: `${container} ${when}`,
    of: String(container),
    pod: 'pod',
    container: String(container),
    version: '1',
    isPrevious: when === 'before',
    isRunning: when === 'now',
  }));
const all = Array.from({ length: maximumContainers + 20 }, (_, index) => runsOf(index)).flat();
const containersOf = (runs: readonly LogRun[]) => [...new Set(runs.map(({ of }) => Number(of)))];

describe('the logs that a reader is given', () => {
  it('are all of them, where there is room', () => {
    const few = all.slice(0, 10);
    expect(selectRuns(few, () => false)).toEqual({ runs: few, leftOut: 0 });
  });

  it('are those of so many containers, with all of their runs, and it is said how many are not', () => {
    const { runs, leftOut } = selectRuns(all, () => false);
    expect(runs).toEqual(all.slice(0, 2 * maximumContainers));
    expect(leftOut).toBe(20);
  });

  it('are first those that he has begun with', () => {
    const { runs } = selectRuns(all, (key) => key === '110 before');
    expect(containersOf(runs)).toContain(110);
    expect(containersOf(runs)).toHaveLength(maximumContainers);
    expect(containersOf(runs)).not.toContain(maximumContainers - 1);
  });
});
