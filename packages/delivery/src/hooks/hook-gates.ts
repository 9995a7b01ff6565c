/** The records of hooks among the gates of a release: one of each, that of the attempt in which it ran last. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { GateOutcome } from '../api/gate-outcome.ts';
import type { GateResult, ReleaseStatus } from '../api/release.ts';

const maximumMessage = 1_024;

/** They outlive the attempt: what was done once is not done again. */
export function hookGates(gates: readonly GateResult[] | undefined): readonly GateResult[] | undefined {
  const kept = gates?.filter(isOfHook) ?? [];
  return kept.length === 0 ? undefined : kept;
}

export function isOfHook({ during }: GateResult): boolean {
  return during !== undefined;
}

export function findHookGate({ gates }: ReleaseStatus, hook: string): GateResult | undefined {
  return gates?.find((gate) => isOfHook(gate) && gate.name === hook);
}

export function withHookGate(status: ReleaseStatus, gate: GateResult): ReleaseStatus {
  const gates = status.gates ?? [];
  const isKnown = gates.some((each) => isOfHook(each) && each.name === gate.name);
  return {
    ...status,
    gates: isKnown ? gates.map((each) => (isOfHook(each) && each.name === gate.name ? gate : each)) : [...gates, gate],
  };
}

export interface HookEnding {
  readonly outcome: GateOutcome;
  readonly message: string;
}

export function endGate(gate: GateResult, { outcome, message }: HookEnding, now: number): GateResult {
  return { ...gate, endedAt: formatMicroTime(now), outcome, message: message.slice(0, maximumMessage) };
}

/** The release goes back: what has not ended on the way forward is not waited for any more. */
export function withoutOpenHooks(status: ReleaseStatus, now: number): ReleaseStatus {
  const isOpen = (gate: GateResult): boolean =>
    isOfHook(gate) && gate.outcome === undefined && gate.during !== 'onRollback';
  if (status.gates?.some(isOpen) !== true) return status;
  const message = `the release goes back: ${status.ending?.reason ?? 'no reason was recorded'}`;
  const gates = status.gates.map((gate) =>
    isOpen(gate) ? endGate(gate, { outcome: 'cancelled', message }, now) : gate,
  );
  return { ...status, gates };
}
