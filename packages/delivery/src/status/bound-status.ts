/** A status never grows beyond what the API server takes: the oldest goes first, and to Events (`cut-entries.ts`). */
import type { CheckState } from '../api/check.ts';
import { cutRun } from '../gates/metric/check-state.ts';
import type { GateResult, HealthAnswer, PhaseTransition, ReleaseStatus } from '../api/release.ts';

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
  // What is left says how everything has ended, and hardly why.
  (status) => ({
    ...status,
    checks: status.checks?.slice(-16).map((run) => cutRun(run, { measurements: 1, textLength: 64, readings: 2 })),
    gates: status.gates?.map((gate) => shortenGate(gate, 64)),
    health: status.health?.slice(0, 3).map((answer) => shorten(answer, 128)),
    commands: status.commands?.slice(-2),
    transitions: status.transitions?.map(shortenTransition),
    ...(status.imageFaults === undefined
      ? {}
      : { imageFaults: Object.fromEntries(Object.entries(status.imageFaults).slice(0, 4)) }),
  }),
];

/** Looked at in full only where it could be too large: a few entries never are. */
export function withinBounds(status: ReleaseStatus): ReleaseStatus {
  return hasFewEntries(status) ? status : boundStatus(status);
}

/** With the longest texts in all of them they come to less than the bound. */
function hasFewEntries(status: ReleaseStatus): boolean {
  const { transitions = [], health = [], commands = [], gates = [] } = status;
  const isShort = transitions.length + commands.length < 16 && health.length < 8 && gates.length < 4;
  return isShort && hasFewImages(status) && isLittleMeasured(status);
}

function hasFewImages({ images = [], imageFaults = {} }: ReleaseStatus): boolean {
  const count = images.reduce((sum, { imageIDs }) => sum + imageIDs.length, 0);
  return count < 12 && Object.keys(imageFaults).length < 4;
}

function isLittleMeasured({ checks = [], trafficAtStart = [] }: ReleaseStatus): boolean {
  return trafficAtStart.length < 20 && checks.reduce((sum, run) => sum + calculateMost(run), 0) < 12 * 1_024;
}

/** Bytes that a run has at most: two queries, texts of a few hundred letters with each measurement, and a line a reading. */
function calculateMost({ measurements, window }: CheckState): number {
  return 4_096 + measurements.length * 1_024 + (window?.readings.length ?? 0) * 256;
}

export function boundStatus(status: ReleaseStatus): ReleaseStatus {
  let bounded = status;
  for (const cut of cuts) {
    if (sizeOf(bounded) <= maximumBytes) break;
    bounded = cut(bounded);
  }
  return bounded;
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

function shortenTransition(transition: PhaseTransition): PhaseTransition {
  const { reason } = transition;
  return reason === undefined ? transition : { ...transition, reason: reason.slice(0, 128) };
}

function shorten(answer: HealthAnswer, length: number): HealthAnswer {
  return { ...answer, answer: answer.answer.slice(0, length) };
}
