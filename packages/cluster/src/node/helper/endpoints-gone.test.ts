import { describe, expect, it } from 'vitest';
import type { Lease } from '@slipway/kube/api.generated';
import { observedEndpointsAnnotation } from '@slipway/kube/split';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { createEndpointsGone, hasObserved } from './endpoints-gone.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

function lease(observed: string | undefined, age = 0): Lease {
  return {
    metadata: {
      name: 'gateway',
      annotations: observed === undefined ? {} : { [observedEndpointsAnnotation]: observed },
    },
    spec: { renewTime: new Date(now - age * 1_000).toISOString(), leaseDurationSeconds: 15 },
  };
}

describe('hasObserved', () => {
  it.each([
    { name: 'a gateway that is past it has', given: lease('12'), expected: true },
    { name: 'one that is exactly there has', given: lease('10'), expected: true },
    { name: 'one that is behind has not', given: lease('9'), expected: false },
    { name: 'one that has said nothing yet has not', given: lease(undefined), expected: false },
    { name: 'a dead one is not waited for', given: lease('9', 16), expected: true },
    { name: 'one that never renewed is not waited for', given: { metadata: {} }, expected: true },
  ])('$name', ({ given, expected }) => expect(hasObserved(given, 10, now)).toBe(expected));
});

describe('endpointsGone', () => {
  function world() {
    const clock = new FakeClock(now);
    const listeners = new Set<() => void>();
    const state: { routed: boolean; departure: number | undefined; leases: Lease[] } = {
      routed: true,
      departure: undefined,
      leases: [],
    };
    const onChange = (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };
    const gone = createEndpointsGone({
      clock,
      routing: { isRouted: () => state.routed, departureOf: () => state.departure, onApplied: onChange },
      leases: { list: () => state.leases, onChange },
    });
    let isDone = false;
    const begin = (): void => void gone({ metadata: { uid: 'a' } }).then(() => (isDone = true));
    const change = async (part: Partial<typeof state>): Promise<boolean> => {
      Object.assign(state, part);
      for (const listener of listeners) listener();
      await clock.advance(0);
      return isDone;
    };
    return { clock, listeners, begin, change, isDone: () => isDone };
  }

  it('is over at once for a pod that no slice has', async () => {
    const { begin, change } = world();
    await change({ routed: false });
    begin();
    expect(await change({})).toBe(true);
  });

  it('waits for the own proxy, then for every live gateway, and lets go of all it listened to', async () => {
    const { begin, change, listeners, clock } = world();
    begin();
    expect(await change({})).toBe(false);
    expect(await change({ routed: false, departure: 10, leases: [lease('9'), lease('11')] })).toBe(false);
    expect(await change({ leases: [lease('10'), lease('11')] })).toBe(true);
    expect(listeners.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits no longer than a second', async () => {
    const { begin, clock, isDone } = world();
    begin();
    await clock.advance(999);
    expect(isDone()).toBe(false);
    await clock.advance(1);
    expect(isDone()).toBe(true);
  });
});
