/** A status never grows beyond what the API server takes: the oldest goes first, and to Events (`cut-entries.ts`). */
import type { CheckState } from '../api/check.ts';
import { cutRun } from '../gates/metric/check-state.ts';
import type { GateResult, HealthAnswer, ReleaseStatus } from '../api/release.ts';

const maximumBytes = 64 * 1_024;

type Cut = (status: ReleaseStatus) => ReleaseStatus;

/** In this order, until it fits. */
const cuts: readonly Cut[] = [
  (status) => ({ ...status, transitions: status.transitions?.slice(-50) }),
  (status) => ({ ...status, health: status.health?.map((answer) => shorten(answer, 256)) }),
  (status) => ({
    ...status,
    checks: status.checks?.map((run) => cutRun(run, { measurements: 5, textLength: 300, readings: 32 })),
  }),
  (status) => ({ ...status, gates: status.gates?.map((gate) => shortenGate(gate, 256)) }),
  (status) => ({ ...status, commands: status.commands?.slice(-5) }),
  (status) => ({ ...status, health: status.health?.slice(0, 10), transitions: status.transitions?.slice(-10) }),
  (status) => ({
    ...status,
    trafficAtStart: status.trafficAtStart?.slice(-20),
    images: status.images
      ?.slice(0, 8)
      .map(({ container, imageIDs }) => ({ container, imageIDs: imageIDs.slice(0, 2) })),
  }),
  (status) => ({
    ...status,
    checks: status.checks?.slice(-24).map((run) => cutRun(run, { measurements: 1, textLength: 128, readings: 8 })),
  }),
];

/** Looked at in full only where it could be too large: a few entries never are. */
export function withinBounds(status: ReleaseStatus): ReleaseStatus {
  const { transitions = [], health = [], commands = [], checks = [], gates = [] } = status;
  const isSmall =
    transitions.length + commands.length < 40 &&
    health.length < 10 &&
    gates.length < 6 &&
    checks.reduce((sum, run) => sum + calculateMost(run), 0) < 24 * 1_024;
  return isSmall ? status : boundStatus(status);
}

/** Bytes that a run has at most: two queries, texts of a few hundred letters with each measurement, and a line a reading. */
function calculateMost({ measurements, window }: CheckState): number {
  return 4_096 + measurements.length * 1_024 + (window?.readings.length ?? 0) * 256;
}

export function boundStatus(status: ReleaseStatus): ReleaseStatus {
  return cuts.reduce((before, cut) => (sizeOf(before) > maximumBytes ? cut(before) : before), status);
}

function sizeOf(status: ReleaseStatus): number {
  return Buffer.byteLength(JSON.stringify(status));
}

/** How a gate has ended stays. */
function shortenGate(gate: GateResult, length: number): GateResult {
  const { message, call } = gate;
  return {
    ...gate,
    ...(message === undefined ? {} : { message: message.slice(0, length) }),
    ...(call === undefined ? {} : { call: { ...call, answer: call.answer.slice(0, length) } }),
  };
}

function shorten(answer: HealthAnswer, length: number): HealthAnswer {
  return { ...answer, answer: answer.answer.slice(0, length) };
}
