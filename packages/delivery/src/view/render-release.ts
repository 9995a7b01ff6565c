/** A Release in words, for terminals and pages. Pure. */
import type { Release, ReleasePhase } from '../api/release.ts';

export interface ReleaseSummary {
  readonly application: string;
  readonly version: string;
  readonly phase: ReleasePhase;
  /** Absent when nothing is waited for. */
  readonly waitingFor: string | undefined;
  readonly replicas: { readonly desired: number; readonly ready: number; readonly serving: number };
  /** Healthy answers of all answers that were kept. */
  readonly health: { readonly passed: number; readonly asked: number };
  /** Milliseconds; absent until both ends are known. */
  readonly duration: number | undefined;
  /** Milliseconds from "candidate healthy" to "all traffic moved". */
  readonly moving: number | undefined;
  /** Why it ended as it did, where it did not succeed. */
  readonly reason: string | undefined;
}

export function summarizeRelease({ spec, status }: Release): ReleaseSummary {
  const { phase = 'Pending', replicas = { desired: 0, ready: 0, serving: 0 }, health = [], ending } = status ?? {};
  return {
    application: spec.application,
    version: spec.version,
    phase,
    waitingFor: status?.waitingFor,
    replicas,
    health: { passed: health.filter(({ outcome }) => outcome === 'passed').length, asked: health.length },
    duration: between(status?.startedAt, status?.trafficMovedAt ?? status?.finishedAt),
    moving: between(status?.healthyAt, status?.trafficMovedAt),
    reason: ending?.reason,
  };
}

/** The lines of `describe` and of live progress: what it is, how far, and what it waits for. */
export function renderRelease(release: Release): readonly string[] {
  const { application, version, phase, waitingFor, replicas, health, reason } = summarizeRelease(release);
  const weights = Object.entries(release.status?.split?.weights ?? {}).map(([name, weight]) => `${name} ${weight} %`);
  return [
    `${application} ${version}: ${phase}`,
    `pods: ${replicas.ready} of ${replicas.desired} ready, ${replicas.serving} serving`,
    ...(health.asked === 0 ? [] : [`health: ${health.passed} of ${health.asked} passed`]),
    ...(weights.length === 0 ? [] : [`split: ${weights.join(', ')}`]),
    ...(waitingFor === undefined ? [] : [`waiting for: ${waitingFor}`]),
    ...(reason === undefined ? [] : [`reason: ${reason}`]),
  ];
}

function between(start: string | undefined, end: string | undefined): number | undefined {
  return start === undefined || end === undefined ? undefined : Date.parse(end) - Date.parse(start);
}
