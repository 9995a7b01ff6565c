import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import type { ContainerUsage } from '../runtime.ts';
import { UsageMeter } from './usage-meter.ts';

const second = 1e9;

function meterOf(...readings: ReadonlyArray<Readonly<Record<string, number>>>) {
  const clock = new FakeClock();
  const left = [...readings];
  const read = (): Promise<readonly ContainerUsage[]> =>
    Promise.resolve(
      Object.entries(left.shift() ?? {}).map(([containerId, cpuNanoseconds]) => ({
        podUid: 'pod',
        containerId,
        cpuNanoseconds,
        memoryBytes: 1_024,
      })),
    );
  const meter = new UsageMeter({ read, clock });
  const rates = async (passing = 0): Promise<Readonly<Record<string, number>>> => {
    const measured = meter.measure();
    if (passing > 0) await clock.advance(passing);
    const { containers } = await measured;
    return Object.fromEntries([...containers].map(([id, { nanoCores }]) => [id, nanoCores / second]));
  };
  return { clock, meter, rates };
}

describe('the meter of a node', () => {
  it('waits a second for the first who asks', async () => {
    const { rates } = meterOf({ a: 5 * second }, { a: 5.25 * second });
    expect(await rates(1_000)).toEqual({ a: 0.25 });
  });

  it('counts from the time before for who asks again', async () => {
    const { clock, rates } = meterOf({ a: 0 }, { a: second }, { a: 11 * second });
    await rates(1_000);
    await clock.advance(20_000);
    expect(await rates()).toEqual({ a: 0.5 });
  });

  it('counts from no time that is long past', async () => {
    const { clock, rates } = meterOf({ a: 0 }, { a: second }, { a: 90 * second }, { a: 90.5 * second });
    await rates(1_000);
    await clock.advance(100_000);
    expect(await rates(1_000)).toEqual({ a: 0.5 });
  });

  it('takes what began within the window as it began, and forgets what ended', async () => {
    const { rates } = meterOf({ old: 9 * second }, { fresh: 0.1 * second });
    expect(await rates(1_000)).toEqual({ fresh: 0.1 });
  });

  it('reads once for all who ask at once', async () => {
    const { clock, meter } = meterOf({ a: 0 }, { a: 1 }, { a: 2 });
    const both = Promise.all([meter.measure(), meter.measure()]);
    await clock.advance(1_000);
    const [one, other] = await both;
    expect(one).toBe(other);
  });
});
