import { expect, it } from 'vitest';
import { silentLogger } from '@slipway/kube/logger';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { testPod } from '../../../testing/pod-scenario.ts';
import { newPodRecord, type PodRecord } from './pod-record.ts';
import { VolumeLimits } from './volume-limits.ts';

const volumes = [
  { name: 'free', emptyDir: {} },
  { name: 'small', emptyDir: { sizeLimit: '1Mi' } },
];

/** Those that have to leave after one look. */
async function look(record: PodRecord, bytes: number): Promise<readonly string[]> {
  const clock = new FakeClock(0);
  const end = new AbortController();
  const messages: string[] = [];
  const limits = new VolumeLimits({
    clock,
    logger: silentLogger,
    signal: end.signal,
    records: () => [record],
    usageOf: () => Promise.resolve(bytes),
    onExceeded: (podUid, message) => messages.push(`${podUid}: ${message}`),
  });
  const done = limits.run();
  await clock.advance(10_000);
  end.abort();
  await done;
  return messages;
}

const ready: PodRecord = { ...newPodRecord(testPod({ volumes }), 0), volumes: { kind: 'ready', failures: 0 } };

it('finds a volume that takes more than its limit', async () => {
  expect(await look(ready, 2 ** 20 + 1)).toEqual(['uid-1: Usage of EmptyDir volume "small" exceeds the limit "1Mi". ']);
});

it('leaves a pod alone whose volume is just full', async () => expect(await look(ready, 2 ** 20)).toEqual([]));

it('does not measure volumes that are not there yet', async () => {
  expect(await look(newPodRecord(testPod({ volumes }), 0), 2 ** 30)).toEqual([]);
});
