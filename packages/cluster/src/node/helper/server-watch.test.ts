import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { awaitServer, watchServer } from './server-watch.ts';

function world() {
  const clock = new FakeClock();
  const ending = new AbortController();
  const state = { there: true };
  const isThere = (): Promise<boolean> => Promise.resolve(state.there);
  return { clock, ending, state, options: { apiSocket: '/run/api.sock', clock, signal: ending.signal, isThere } };
}

describe('watchServer', () => {
  it('gives up when no server has been there for a minute', async () => {
    const { clock, state, options } = world();
    let outcome = '';
    void watchServer(options).then((said) => (outcome = said));
    await clock.advance(120_000);
    state.there = false;
    await clock.advance(58_000);
    expect(outcome).toBe('');
    await clock.advance(4_000);
    expect(outcome).toBe('absent');
  });

  it('begins to count anew when a server comes back', async () => {
    const { clock, state, options, ending } = world();
    let outcome = '';
    void watchServer(options).then((said) => (outcome = said));
    for (let time = 0; time < 5; time += 1) {
      state.there = false;
      await clock.advance(50_000);
      state.there = true;
      await clock.advance(4_000);
    }
    expect(outcome).toBe('');
    ending.abort();
    await clock.advance(2_000);
    expect(outcome).toBe('stopped');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('awaitServer', () => {
  it('goes on as soon as the server listens', async () => {
    const { clock, state, options } = world();
    state.there = false;
    let isOver = false;
    void awaitServer(options).then(() => (isOver = true));
    await clock.advance(500);
    expect(isOver).toBe(false);
    state.there = true;
    await clock.advance(10);
    expect(isOver).toBe(true);
  });
});
