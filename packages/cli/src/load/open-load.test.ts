import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { OpenLoad, type LoadOutcome, type LoadRequest } from './open-load.ts';
import type { LoadOptions } from './protocol.ts';

interface Open {
  readonly request: LoadRequest;
  readonly end: (outcome: LoadOutcome) => void;
  isGivenUp: boolean;
}

const answered: LoadOutcome = { kind: 'answered', status: 200, body: 'v1', id: undefined };
const tooLate = 'no answer within 5 s';

/** One request a second, answered by the test. */
function startLoad({ patienceMilliseconds }: Pick<LoadOptions, 'patienceMilliseconds'> = {}) {
  const clock = new FakeClock();
  const requests: Open[] = [];
  const load = new OpenLoad({
    rate: 1,
    versions: ['v1'],
    patienceMilliseconds,
    clock,
    name: 'load',
    send: (request, end) => {
      const open: Open = { request, end, isGivenUp: false };
      requests.push(open);
      return () => {
        open.isGivenUp = true;
      };
    },
  });
  const end = (index: number, outcome: LoadOutcome): void => {
    const open = requests[index];
    if (open === undefined) throw new Error(`request ${index} was not sent`);
    open.end(outcome);
  };
  return { clock, load, requests, end };
}

describe('an open load', () => {
  it('sends at its rate whatever the answers do, and catches up when it was late', async () => {
    const { clock, load, requests } = startLoad();
    load.sendDue();
    expect(requests.length).toBe(1);
    await clock.advance(999);
    load.sendDue();
    expect(requests.length).toBe(1);
    await clock.advance(3_001);
    load.sendDue();
    expect(requests.map(({ request }) => request.id)).toEqual(['load-0', 'load-1', 'load-2', 'load-3', 'load-4']);
    expect(load.isQuiet).toBe(false);
  });

  it('counts an answer within 5 s', async () => {
    const { clock, load, requests, end } = startLoad();
    load.sendDue();
    await clock.advance(4_999);
    end(0, answered);
    await clock.advance(10_000);
    expect(load.report()).toMatchObject({ sent: 1, succeeded: 1, failed: 0, byVersion: { v1: 1 } });
    expect(requests.map(({ isGivenUp }) => isGivenUp)).toEqual([false]);
    expect(load.isQuiet).toBe(true);
  });

  it('waits as long as it is told', async () => {
    const { clock, load, end } = startLoad({ patienceMilliseconds: 60_000 });
    load.sendDue();
    load.sendDue();
    await clock.advance(59_999);
    end(0, answered);
    expect(load.report()).toMatchObject({ sent: 1, succeeded: 1, failed: 0 });
  });

  it('gives a request up that is not answered within 5 s, and counts it once', async () => {
    const { clock, load, requests, end } = startLoad();
    load.sendDue();
    await clock.advance(5_000);
    expect(load.report()).toMatchObject({ succeeded: 0, failed: 1, failures: [{ at: 5_000, reason: tooLate }] });
    expect(requests.map(({ isGivenUp }) => isGivenUp)).toEqual([true]);
    end(0, answered);
    expect(load.report()).toMatchObject({ sent: 1, succeeded: 0, failed: 1, byVersion: {} });
  });

  it('counts the 5 s from when a request should have left, not from when it did', async () => {
    const { clock, load, end } = startLoad();
    // Nothing left for three seconds: the requests of seconds 0 to 3 leave together.
    await clock.advance(3_000);
    load.sendDue();
    await clock.advance(2_001);
    end(3, answered);
    expect(load.report()).toMatchObject({
      sent: 4,
      succeeded: 1,
      failed: 1,
      byVersion: { v1: 1 },
      failures: [{ at: 5_000, reason: tooLate }],
    });
  });

  it('counts an answer as failed that came at once to a request that left 5 s late', async () => {
    const { clock, load, end } = startLoad();
    await clock.advance(5_001);
    load.sendDue();
    for (let index = 0; index < 6; index++) end(index, answered);
    expect(load.report()).toMatchObject({
      sent: 6,
      succeeded: 5,
      failed: 1,
      byVersion: { v1: 5 },
      failures: [{ at: 5_001, reason: tooLate }],
    });
  });

  it.each<{ readonly name: string; readonly outcome: LoadOutcome; readonly reason: string }>([
    { name: 'a status that is not 2xx', outcome: { ...answered, status: 503, body: 'x' }, reason: 'status 503: x' },
    { name: 'another version', outcome: { ...answered, body: 'v2' }, reason: 'wrong body: "v2"' },
    {
      name: 'the answer to another request',
      outcome: { ...answered, id: 'load-7' },
      reason: 'the answer to another request',
    },
    { name: 'a reset', outcome: { kind: 'broken', reason: 'read ECONNRESET' }, reason: 'read ECONNRESET' },
  ])('counts $name as failed', ({ outcome, reason }) => {
    const { load, end } = startLoad();
    load.sendDue();
    end(0, outcome);
    expect(load.report()).toMatchObject({ succeeded: 0, failed: 1, byVersion: {}, failures: [{ at: 0, reason }] });
  });

  it('accepts versions that counted when a request left, and those that count when it is answered', async () => {
    const { clock, load, end } = startLoad();
    load.sendDue();
    load.allow(['v2']);
    await clock.advance(1_000);
    load.sendDue();
    end(0, { ...answered, id: 'load-0' });
    end(1, { ...answered, body: 'v2', id: 'load-1' });
    expect(load.report()).toMatchObject({ succeeded: 2, failed: 0, byVersion: { v1: 1, v2: 1 } });
    expect(load.report().lastSent).toEqual({ v1: clock.now() - 1_000, v2: clock.now() });
  });
});
