import type { GateResult } from '../api/release.ts';
import type { Action } from '../plan.ts';
import type { HookEnding } from './hook-gates.ts';

/** What one look at the run of a hook comes to: it has ended, or something is waited for. */
export type HookLook = HookEnded | HookWait;

export interface HookEnded {
  readonly gate: GateResult;
  readonly ending: HookEnding;
  readonly actions?: readonly Action[] | undefined;
}

export interface HookWait {
  /** Absent: it has not begun. */
  readonly gate?: GateResult | undefined;
  readonly ending?: undefined;
  readonly waitingFor: string;
  readonly actions?: readonly Action[] | undefined;
  /** Milliseconds until the next look. */
  readonly requeueAfter?: number | undefined;
}
