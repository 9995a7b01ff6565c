import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import {
  findLogContainers,
  maximumContainers,
  nextRun,
  selectContainers,
  type LogContainer,
  type RunsRead,
} from './log-runs.ts';

const all = Array.from({ length: maximumContainers + 20 }, (_, index): LogContainer => ({
  id: String(index),
  pod: 'pod',
  container: String(index),
  version: '1',
  runs: [],
}));

describe('the logs that a reader is given', () => {
  it('are all of them, where there is room', () => {
    const few = all.slice(0, 10);
    expect(selectContainers(few, () => false)).toEqual({ containers: few, leftOut: 0 });
  });

  it('are those of so many containers, and it is said how many are not', () => {
    const { containers, leftOut } = selectContainers(all, () => false);
    expect(containers).toEqual(all.slice(0, maximumContainers));
    expect(leftOut).toBe(20);
  });

  it('are first those that he has begun with', () => {
    const { containers } = selectContainers(all, (id) => id === '110');
    const ids = containers.map(({ id }) => id);
    expect(ids).toContain('110');
    expect(ids).toHaveLength(maximumContainers);
    expect(ids).not.toContain(String(maximumContainers - 1));
  });
});

const terminated = { terminated: { exitCode: 1, startedAt: '2026-01-01T00:00:00Z' } };
const running = { running: { startedAt: '2026-01-01T00:01:00Z' } };
const waiting = { waiting: { reason: 'CrashLoopBackOff' } };

function podOf(status: Pick<ContainerStatus, 'state' | 'lastState' | 'restartCount'>): Pod {
  const web = { name: 'web', image: 'i', imageID: 'i', ready: false, ...status };
  return { metadata: { name: 'shop', uid: 'u' }, spec: { containers: [] }, status: { containerStatuses: [web] } };
}

const statuses = [
  ['has not started', { state: { waiting: {} }, restartCount: 0 }, []],
  ['runs', { state: running, restartCount: 0 }, [0]],
  ['has ended', { state: terminated, restartCount: 0 }, [0]],
  [
    'waits to run again, and counts the run that has ended',
    { state: waiting, lastState: terminated, restartCount: 2 },
    [2],
  ],
  ['runs again', { state: running, lastState: terminated, restartCount: 2 }, [1, 2]],
  ['has ended again', { state: terminated, lastState: terminated, restartCount: 2 }, [1, 2]],
] as const;

describe('runs of a container that', () => {
  it.each(statuses)('%s', (_, status, expected) => {
    const [found] = findLogContainers([podOf(status)], {});
    expect(found?.runs.map(({ number }) => number) ?? []).toEqual(expected);
    const askedAsPrevious = found?.runs.filter(({ isPrevious }) => isPrevious).map(({ number }) => number) ?? [];
    expect(askedAsPrevious).toEqual('lastState' in status ? expected.slice(0, 1) : []);
  });
});

describe('the run that is read next', () => {
  const waits = { state: waiting, lastState: terminated, restartCount: 4 };
  const runs = { state: running, lastState: terminated, restartCount: 5 };
  const at = (run: number) => ({ run, at: 1n, count: 1 });
  const rows: readonly [string, typeof waits | typeof runs, RunsRead, number | undefined][] = [
    ['is the last one for who has none', runs, { position: undefined, ended: -1 }, 5],
    ['is the one that has ended where none has begun since', waits, { position: undefined, ended: -1 }, 4],
    ['is the one that he was in, though it has ended', runs, { position: at(4), ended: -1 }, 4],
    ['is the next one after its end', runs, { position: at(4), ended: 4 }, 5],
    ['is the next one, though he had nothing of the one before', runs, { position: undefined, ended: 4 }, 5],
    ['is the oldest that there is after the one that he was in', runs, { position: at(2), ended: -1 }, 4],
    ['is none while the next one has not begun', waits, { position: at(4), ended: 4 }, undefined],
    ['is the one that there is where restarts are counted anew', runs, { position: at(9), ended: -1 }, 5],
  ];
  it.each(rows)('%s', (_, status, read, expected) => {
    const [found] = findLogContainers([podOf(status)], {});
    expect(found === undefined ? 'no container' : nextRun(found, read)?.number).toBe(expected);
  });
});
