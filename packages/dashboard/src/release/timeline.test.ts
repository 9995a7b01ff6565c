import { expect, test } from 'vitest';
import { release } from '../../testing/release.ts';
import { listMoments } from './timeline.ts';

const at = (second: number): string => `2026-01-01T00:00:0${second}Z`;

test('what happened stands in the order of time, whoever noted it', () => {
  const candidate = release({
    phase: 'RolledBack',
    attempts: [
      { number: 1, cause: 'deploy', startedAt: at(0) },
      { number: 2, cause: 'retry', by: 'ann', startedAt: at(7) },
    ],
    transitions: [
      { phase: 'Progressing', at: at(1) },
      { phase: 'RollingBack', at: at(5), reason: 'aborted by ann' },
    ],
    gates: [
      { name: 'health', attempt: 1, startedAt: at(1), endedAt: at(2), outcome: 'passed' },
      { name: 'open', attempt: 1, startedAt: at(1) },
    ],
    firstTrafficAt: at(3),
  });
  const commands = [
    { name: 'c', verb: 'abort', at: at(4), outcome: 'accepted', message: 'goes back', requestedBy: 'ann' },
  ] as const;
  expect(
    listMoments(candidate, commands).map(({ title, by }) => (by === undefined ? title : `${title} by ${by}`)),
  ).toEqual([
    'Version 2 was asked for',
    'Progressing',
    'health: passed',
    'First traffic',
    'abort was accepted by ann',
    'Rolling back',
    'Attempt 2 by ann',
  ]);
});

test('what leads to a phase stands before it, at the same moment too', () => {
  const candidate = release({
    phase: 'RolledBack',
    transitions: [{ phase: 'RollingBack', at: at(2) }],
    gates: [{ name: 'health', attempt: 1, startedAt: at(1), endedAt: at(2), outcome: 'failed' }],
    trafficReturnedAt: at(2),
  });
  expect(
    listMoments(candidate, [])
      .map(({ title }) => title)
      .slice(1),
  ).toEqual(['health: failed', 'Rolling back', 'All traffic returned']);
});

test('a timeline tells why something failed where it did, and not again', () => {
  const reason = 'pods are not healthy';
  const moments = listMoments(
    release({
      phase: 'RolledBack',
      transitions: [
        { phase: 'RollingBack', at: at(5), reason },
        { phase: 'RolledBack', at: at(6), reason },
      ],
      gates: [{ name: 'health', attempt: 1, startedAt: at(1), endedAt: at(4), outcome: 'failed', message: reason }],
    }),
    [],
  );
  expect(moments.flatMap(({ title, detail }) => (detail === undefined ? [] : [title]))).toEqual(['health: failed']);
});
