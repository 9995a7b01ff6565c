import type { ApplicationSummary } from '../src/api/answers.ts';

/** An application that is settled, but for what is said. */
export function summary(given: Partial<ApplicationSummary>): ApplicationSummary {
  return {
    namespace: 'default',
    name: 'shop',
    uid: 'u1',
    generation: 1,
    createdAt: '2026-01-01T00:00:00Z',
    strategy: 'rolling',
    phase: 'Stable',
    serving: { version: '1', release: 'shop-1' },
    split: { '1': 100 },
    replicas: { desired: 2, ready: 2 },
    hosts: [],
    paused: false,
    conditions: [],
    ...given,
  };
}

export function condition(
  type: string,
  status: 'True' | 'False',
  { reason = type, message = '' }: { readonly reason?: string; readonly message?: string } = {},
): ApplicationSummary['conditions'][number] {
  return { type, status, reason, message, since: '2026-01-01T00:00:00Z' };
}
