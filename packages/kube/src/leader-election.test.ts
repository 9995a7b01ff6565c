import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Election, leaseKey, type Contender, type Network } from '../testing/election.ts';
import { runWithLeadership } from './leader-election.ts';
import { electionDurations } from './lease-claim.ts';
import { configMaps } from './resources.ts';
import { StatusError } from './status-error.ts';
import type { TransportRequest } from './transport.ts';

const second = 1_000;
const isLeaseWrite = ({ method, path }: TransportRequest): boolean => method !== 'GET' && path.includes('/leases');

let election: Election;

beforeEach(() => {
  election = new Election();
});

afterEach(() => election.end());

/** `a` leads, `b` stands by. */
async function twoContenders(): Promise<readonly [Contender, Contender]> {
  const a = election.contender('a');
  await election.advance(100);
  const b = election.contender('b');
  await election.advance(5 * second);
  expect(election.leaders).toEqual(['a']);
  return [a, b];
}

describe('electing', () => {
  test('the first leads at once, with the record that Kubernetes writes', async () => {
    election.contender('a');
    await election.advance(1);
    expect(election.leaders).toEqual(['a']);
    expect((await election.lease()).spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  test('of several that begin at once one leads', async () => {
    for (const identity of ['a', 'b', 'c', 'd']) election.contender(identity);
    await election.advance(30 * second);
    expect(election.leaders).toHaveLength(1);
  });

  test('a leader renews for as long as it lives, and the others keep away and say whom they wait for', async () => {
    const [a, b] = await twoContenders();
    await election.advance(120 * second);
    expect(a.terms).toBe(1);
    expect(b.terms).toBe(0);
    const { spec } = await election.lease();
    expect(Date.parse(spec?.renewTime ?? '')).toBeGreaterThan(election.time.now() - 3 * second);
    expect(spec?.acquireTime).toBe('2026-01-01T00:00:00.000000Z');
    expect(b.logger.lines.filter(({ fields }) => fields['holder'] === 'a')).toHaveLength(1);
  });

  test('a leader that stops in order gives the lease back, and the next one need not wait for it to run out', async () => {
    const [a] = await twoContenders();
    a.stop.abort(new Error('SIGTERM'));
    await a.done;
    expect((await election.lease()).spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await election.advance(5 * second);
    expect(election.leaders).toEqual(['b']);
    expect((await election.lease()).spec).toMatchObject({ leaseTransitions: 1, leaseDurationSeconds: 15 });
  });

  test('who never led leaves the lease alone when it stops', async () => {
    const [, b] = await twoContenders();
    b.stop.abort(new Error('SIGTERM'));
    await b.done;
    expect((await election.lease()).spec?.holderIdentity).toBe('a');
  });

  test('a leader that was killed is followed when its lease has run out, and not before', async () => {
    const [a] = await twoContenders();
    a.clock.state = 'killed';
    await election.advance(12 * second);
    expect(election.leaders).toEqual([]);
    await election.advance(8 * second);
    expect(election.leaders).toEqual(['b']);
  });

  test('who comes back under the same identity takes its own lease at once', async () => {
    const killed = election.contender('a');
    await election.advance(5 * second);
    killed.clock.state = 'killed';
    election.contender('a');
    await election.advance(1);
    expect(election.leaders).toEqual(['a']);
    expect((await election.lease()).spec?.leaseTransitions).toBe(0);
  });

  test('a lease that ran out long ago by its own times is waited for all the same', async () => {
    const dead = election.contender('dead');
    await election.advance(5 * second);
    dead.clock.state = 'killed';
    await election.time.advance(3_600 * second);
    election.contender('a');
    await election.advance(14 * second);
    expect(election.leaders).toEqual([]);
    await election.advance(6 * second);
    expect(election.leaders).toEqual(['a']);
  });

  test("a holder's own duration counts, not that of who waits", async () => {
    const a = election.contender('a', electionDurations(60));
    await election.advance(100);
    election.contender('b', electionDurations(3));
    a.clock.state = 'killed';
    await election.advance(55 * second);
    expect(election.leaders).toEqual([]);
    await election.advance(10 * second);
    expect(election.leaders).toEqual(['b']);
  });
});

describe('clocks', () => {
  test.each([-86_400_000, 86_400_000])(
    'a wall clock that is %i ms away from the others changes nothing',
    async (away) => {
      const [a, b] = await twoContenders();
      b.clock.wallOffset = away;
      const c = election.contender('c');
      c.clock.wallOffset = -away;
      await election.advance(60 * second);
      expect(election.leaders).toEqual(['a']);
      a.clock.state = 'killed';
      await election.advance(20 * second);
      expect(election.leaders).toHaveLength(1);
    },
  );

  test("a leader's wall clock that is set back changes nothing", async () => {
    const [a] = await twoContenders();
    a.clock.wallOffset = -3_600_000;
    await election.advance(60 * second);
    expect(election.leaders).toEqual(['a']);
    expect(a.terms).toBe(1);
  });

  test("a leader's wall clock that jumps ahead may mean that the machine slept: it acts no more, and takes its own lease again", async () => {
    const [a] = await twoContenders();
    a.clock.wallOffset = 3_600_000;
    await expect(a.act('late')).rejects.toThrow('this process leads no more');
    await election.advance(5 * second);
    expect(election.leaders).toEqual(['a']);
    expect(a.terms).toBe(2);
  });

  test('a process that was stopped beyond its deadline sends nothing, although no timer has told it yet', async () => {
    const [a] = await twoContenders();
    a.clock.state = 'stopped';
    await election.advance(30 * second);
    expect(election.leaders).toEqual(['b']);
    await expect(a.act('late')).rejects.toThrow('this process leads no more');
    a.clock.resume();
    await election.advance(5 * second);
    expect(election.leaders).toEqual(['b']);
    expect(a.terms).toBe(1);
  });
});

describe('networks', () => {
  test.each<Network>(['down', 'silent', 'deaf', 'slow'])('a short outage (%s) is ridden out', async (network) => {
    const [a] = await twoContenders();
    a.network = network;
    await election.advance(4 * second);
    a.network = 'up';
    await election.advance(20 * second);
    expect(election.leaders).toEqual(['a']);
    expect(a.terms).toBe(1);
  });

  test.each<Network>(['down', 'silent'])(
    'who cannot renew (%s) stops at the deadline, before another begins',
    async (network) => {
      const [a] = await twoContenders();
      a.network = network;
      await election.advance(10 * second);
      expect(election.leaders).toEqual([]);
      expect(a.leadership?.signal.reason).toMatchObject({ message: 'the lease was not renewed within 10000 ms' });
      await election.advance(10 * second);
      expect(election.leaders).toEqual(['b']);
      a.network = 'up';
      await election.advance(10 * second);
      expect(election.leaders).toEqual(['b']);
    },
  );

  test('renewals whose answers are lost do not count for the leader, and the others believe in it', async () => {
    const [a] = await twoContenders();
    a.network = 'deaf';
    await election.advance(30 * second);
    expect(election.leaders).toEqual([]);
    a.network = 'up';
    await election.advance(10 * second);
    expect(election.leaders).toEqual(['a']);
    expect(a.terms).toBe(2);
  });

  test('a renewal counts from when it was sent, however late its answer', async () => {
    const a = election.contender('a');
    await election.advance(second);
    a.network = 'slow';
    await election.advance(3 * second);
    a.network = 'down';
    await election.advance(8.5 * second);
    expect(election.leaders).toEqual([]);
  });

  test('a leader keeps its lease at an API server that takes nearly half of the deadline for each answer', async () => {
    const [a] = await twoContenders();
    a.network = 'overloaded';
    await election.advance(120 * second);
    expect(election.leaders).toEqual(['a']);
    expect(a.terms).toBe(1);
  });

  test('what a leader has under way is given up at the deadline', async () => {
    const [a] = await twoContenders();
    a.network = 'silent';
    const outcome = a.act('slow').catch((error: unknown) => error);
    await election.advance(10 * second);
    expect(await outcome).toMatchObject({ message: 'given up' });
    await expect(a.act('later')).rejects.toThrow('this process leads no more');
    expect(election.api.requests.some(({ path }) => path.includes('configmaps'))).toBe(false);
  });

  test('a leader that is told to stop ends without a network too', async () => {
    const [a] = await twoContenders();
    a.network = 'silent';
    a.stop.abort(new Error('SIGTERM'));
    await election.advance(5 * second);
    await a.done;
    expect(election.leaders).toEqual([]);
  });
});

describe('records of others', () => {
  test('a conflict is answered by looking again', async () => {
    const [a] = await twoContenders();
    let conflicts = 3;
    election.api.intercept = (request) => {
      if (!isLeaseWrite(request) || conflicts === 0) return undefined;
      conflicts -= 1;
      throw new StatusError('Conflict', 'the object has been modified');
    };
    await election.advance(20 * second);
    expect(conflicts).toBe(0);
    expect(election.leaders).toEqual(['a']);
    expect(a.terms).toBe(1);
    expect(a.logger.lines.some(({ level }) => level === 'warn')).toBe(false);
  });

  test('a write that came between look and claim is not overwritten', async () => {
    const [a] = await twoContenders();
    a.stop.abort(new Error('SIGTERM'));
    await a.done;
    election.beforeWrite = async () => {
      election.beforeWrite = undefined;
      await election.changeLease((lease) => ({
        ...lease,
        spec: { ...lease.spec, holderIdentity: 'faster', leaseDurationSeconds: 15 },
      }));
    };
    await election.advance(10 * second);
    expect(election.leaders).toEqual([]);
    expect((await election.lease()).spec?.holderIdentity).toBe('faster');
  });

  test.each([
    { holderIdentity: '', reason: 'the lease was taken away' },
    { holderIdentity: 'somebody', reason: 'somebody leads' },
  ])(
    'a leader whose lease is given to "$holderIdentity" stops with its next renewal',
    async ({ holderIdentity, reason }) => {
      const [a] = await twoContenders();
      const term = a.leadership?.signal;
      await election.changeLease((lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity } }));
      await election.advance(2 * second);
      expect(term?.reason).toMatchObject({ message: reason });
    },
  );

  test('a deleted lease is made again by its holder, and the others wait for that', async () => {
    const [a] = await twoContenders();
    await election.deleteLease();
    await election.advance(20 * second);
    expect(election.leaders).toEqual(['a']);
    expect(a.terms).toBe(1);
    expect((await election.lease()).spec?.holderIdentity).toBe('a');
  });

  test('a deleted lease of a dead holder is taken when it would have run out', async () => {
    const [a] = await twoContenders();
    a.clock.state = 'killed';
    await election.deleteLease();
    await election.advance(12 * second);
    expect(election.leaders).toEqual([]);
    await election.advance(10 * second);
    expect(election.leaders).toEqual(['b']);
  });

  test('a lease that may not be read is a warning at each attempt, and nobody leads', async () => {
    election.api.intercept = () => {
      throw new StatusError('Forbidden', 'leases.coordination.k8s.io "controller" is forbidden');
    };
    const a = election.contender('a');
    await election.advance(10 * second);
    expect(election.leaders).toEqual([]);
    expect(a.logger.lines.filter(({ level }) => level === 'warn').length).toBeGreaterThan(1);
  });

  test('fields that others keep in the lease stay', async () => {
    const [a] = await twoContenders();
    await election.changeLease((lease) => ({ ...lease, metadata: { ...lease.metadata, labels: { team: 'blue' } } }));
    await election.advance(10 * second);
    expect((await election.lease()).metadata.labels).toEqual({ team: 'blue' });
    expect(a.terms).toBe(1);
  });
});

describe('what the leader does', () => {
  const run = (lead: Parameters<typeof runWithLeadership>[1]): Promise<void> => {
    const { client, clock, logger, identity, stop } = election.contender('standing-by');
    stop.abort(new Error('only its connection is used'));
    return runWithLeadership(
      { client, clock, logger, identity, random: () => 0.5, lease: leaseKey, signal: new AbortController().signal },
      lead,
    );
  };

  test('ends the contention when it ends by itself, and the lease is given back', async () => {
    await run(async ({ client }) => {
      await client.create(configMaps, { metadata: { namespace: 'default', name: 'done' } });
    });
    expect((await election.lease()).spec?.holderIdentity).toBe('');
  });

  test('fails the contention when it fails while it leads, and the lease is given back', async () => {
    await expect(run(async () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect((await election.lease()).spec?.holderIdentity).toBe('');
  });

  test('sends nothing once it has ended', async () => {
    let late: (() => Promise<unknown>) | undefined;
    await run(async ({ client }) => {
      late = () => client.create(configMaps, { metadata: { namespace: 'default', name: 'late' } });
    });
    await expect(late?.()).rejects.toThrow('this process leads no more');
  });
});

test('durations that could make two leaders are refused', async () => {
  const { client, clock, logger, identity, stop } = election.contender('a');
  const attempt = (durations: Partial<ReturnType<typeof electionDurations>>): Promise<void> =>
    runWithLeadership(
      {
        ...{ client, clock, logger, identity, random: () => 0, lease: leaseKey, signal: stop.signal },
        durations: { ...electionDurations(), ...durations },
      },
      async () => undefined,
    );
  await expect(attempt({ leaseMilliseconds: 10_000 })).rejects.toThrow(
    'the lease (10000 ms) must be longer than the renew deadline (10000 ms)',
  );
  await expect(attempt({ renewDeadlineMilliseconds: 2_400 })).rejects.toThrow('must be more than 1.2 times');
  await expect(attempt({ retryMilliseconds: 0 })).rejects.toThrow('must be more than 0 ms');
});

/** What may befall a process, and for how long. */
const mishap = fc.record({
  contender: fc.integer({ min: 0, max: 2 }),
  what: fc.constantFrom<Network | 'stopped' | 'killed' | 'ahead' | 'behind'>(
    'down',
    'silent',
    'deaf',
    'slow',
    'stopped',
    'killed',
    'ahead',
    'behind',
  ),
  milliseconds: fc.integer({ min: 100, max: 40_000 }),
});

test('whatever befalls them, no two lead at once, and one does when all is well again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(mishap, { maxLength: 6 }), async (mishaps) => {
      const world = new Election();
      const contenders = ['a', 'b', 'c'].map((identity) => world.contender(identity));
      await world.advance(second);
      for (const { contender, what, milliseconds } of mishaps) {
        const it = contenders[contender];
        if (it === undefined) continue;
        if (what === 'ahead' || what === 'behind') it.clock.wallOffset += what === 'ahead' ? 86_400_000 : -86_400_000;
        else if (what === 'stopped' || what === 'killed') it.clock.state = 'stopped';
        else it.network = what;
        await world.advance(milliseconds);
        it.network = 'up';
        if (it.clock.state !== 'running') it.clock.resume();
        if (what !== 'killed') continue;
        it.clock.state = 'killed';
        contenders[contender] = world.contender(`${it.identity}'`);
      }
      await world.advance(40 * second);
      const { leaders } = world;
      await world.end();
      expect(leaders).toHaveLength(1);
    }),
    { numRuns: 40 },
  );
});
