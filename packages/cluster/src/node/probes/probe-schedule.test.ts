import type { Probe } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { advanceProbe, newProbeState, planAttempt, type ProbeKind, type ProbeState } from './probe-schedule.ts';

const probe: Probe = { periodSeconds: 1, failureThreshold: 3, successThreshold: 1 };

/** Attempts until `end`, with answers that take no time: `at` or `at+` for an extra one. */
function run(
  kind: ProbeKind,
  given: Probe,
  { end, answers }: { end: number; answers: (at: number) => boolean },
): { attempts: string[]; state: ProbeState } {
  let state = newProbeState(kind, given, { startedAt: 0, now: 0 });
  const attempts: string[] = [];
  for (;;) {
    const attempt = planAttempt(state, kind, given);
    if (attempt.at > end) return { attempts, state };
    attempts.push(`${attempt.at}${attempt.counts ? '' : '+'}`);
    state = advanceProbe(state, given, { attempt, answer: { success: answers(attempt.at), endedAt: attempt.at } });
  }
}

describe('when a probe asks', () => {
  it('a readiness probe without success asks again after 50, 100, 200 ms, and at its periods', () => {
    const { attempts } = run('readiness', probe, { end: 3000, answers: () => false });
    expect(attempts).toEqual(['0', '50+', '150+', '350+', '750+', '1000', '1800+', '2000', '3000']);
  });

  it('goes on with its period from the first success', () => {
    const { attempts } = run('readiness', probe, { end: 2500, answers: (at) => at >= 150 });
    expect(attempts).toEqual(['0', '50+', '150+', '1150', '2150']);
  });

  it('does not hurry again after it has succeeded once', () => {
    const { attempts } = run('readiness', probe, { end: 3000, answers: (at) => at === 0 });
    expect(attempts).toEqual(['0', '1000', '2000', '3000']);
  });

  it('a liveness probe never hurries', () => {
    const { attempts } = run('liveness', probe, { end: 3000, answers: () => false });
    expect(attempts).toEqual(['0', '1000', '2000', '3000']);
  });

  it('waits for initialDelaySeconds', () => {
    const { attempts } = run('startup', { ...probe, initialDelaySeconds: 5 }, { end: 5050, answers: () => false });
    expect(attempts).toEqual(['5000', '5050+']);
  });

  it('does not ask twice at once when answers take longer than the period', () => {
    const attempt = { at: 0, counts: true };
    const state = advanceProbe(newProbeState('liveness', probe, { startedAt: 0, now: 0 }), probe, {
      attempt,
      answer: { success: true, endedAt: 2500 },
    });
    expect(planAttempt(state, 'liveness', probe)).toEqual({ at: 2500, counts: true });
  });
});

describe('what answers amount to', () => {
  it('extra failures do not count toward failureThreshold', () => {
    const { state } = run('startup', probe, { end: 1999, answers: () => false });
    expect(state.run).toEqual({ success: false, length: 2 });
    expect(state.verdict).toBe('unknown');
  });

  it('failureThreshold regular failures in a row are a failure', () => {
    expect(run('liveness', probe, { end: 1000, answers: () => false }).state.verdict).toBe('success');
    expect(run('liveness', probe, { end: 2000, answers: () => false }).state.verdict).toBe('failure');
  });

  it('a success between failures begins the count anew', () => {
    expect(run('liveness', probe, { end: 4000, answers: (at) => at === 2000 }).state.verdict).toBe('success');
  });

  it('successThreshold successes in a row are a success', () => {
    const given = { ...probe, successThreshold: 3 };
    expect(run('readiness', given, { end: 1000, answers: () => true }).state.verdict).toBe('failure');
    expect(run('readiness', given, { end: 2000, answers: () => true }).state.verdict).toBe('success');
  });
});
