import type { RollingParameters } from './api/application.ts';

export interface ReplicaBounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/**
 * Surge is rounded up, unavailability down, as in Deployments; where both come to 0 one pod may be missing.
 * `calculateBounds({maxSurge: '25%'}, 3)` is `{maxSurge: 1, maxUnavailable: 0}`.
 */
export function calculateBounds(parameters: RollingParameters | undefined, replicas: number): ReplicaBounds {
  const maxSurge = resolveCount(parameters?.maxSurge ?? '25%', replicas, Math.ceil);
  const maxUnavailable = resolveCount(parameters?.maxUnavailable ?? 0, replicas, Math.floor);
  return maxSurge === 0 && maxUnavailable === 0 ? { maxSurge, maxUnavailable: 1 } : { maxSurge, maxUnavailable };
}

/** `resolveCount('25%', 3, Math.ceil)` is 1. */
export function resolveCount(value: number | string, replicas: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) * replicas) / 100);
}
