/** The gates of a release, those that are still to come too: each has its place from the start, and nothing moves when it begins. Pure. */
import type { Check, CheckState } from '@slipway/delivery/api/check';
import type { Hook, HookTime } from '@slipway/delivery/api/hook';
import type { GateResult, ReleaseSpec, ReleaseStatus } from '@slipway/delivery/api/release';
import { isFinished } from './verbs.ts';

/** What is not there by then does not come any more; of a rollback there is something only where there is one. */
type SlotTime = 'promotion' | 'end' | 'rollback';

export interface CheckSlot {
  readonly key: string;
  readonly name: string;
  readonly time: string;
  readonly until: SlotTime;
  readonly check?: Check | undefined;
  /** The last one; absent: it has not begun. */
  readonly run?: CheckState | undefined;
  /** With those before it: what no step names runs anew in each. */
  readonly runs: readonly CheckState[];
}

export interface GateSlot {
  readonly key: string;
  readonly name: string;
  /** What it is for, until it says something itself. */
  readonly purpose: string;
  readonly until: SlotTime;
  readonly gate?: GateResult | undefined;
}

export interface Slots {
  readonly checks: readonly CheckSlot[];
  readonly gates: readonly GateSlot[];
}

export interface SlotsInput {
  readonly spec: Pick<ReleaseSpec, 'strategy' | 'checks' | 'hooks' | 'healthCheck'> & {
    /** Absent: as long as it is when nobody says. */
    readonly guardSeconds?: number | undefined;
  };
  readonly status?: Pick<ReleaseStatus, 'checks' | 'gates'> | undefined;
}

export function listSlots({ spec, status }: SlotsInput): Slots {
  return { checks: listCheckSlots(spec, status?.checks ?? []), gates: listGateSlots(spec, status?.gates ?? []) };
}

/** What is said in the place of what is not there. */
export function describeAbsence({ until }: { readonly until: SlotTime }, phase: string): string {
  if (until === 'rollback') return 'on a rollback';
  const isPromoted = phase === 'Promoting' || phase === 'Guarding';
  const isOver = isFinished(phase) || phase === 'RollingBack' || (isPromoted && until === 'promotion');
  return isOver ? 'not run' : 'to come';
}

/** The same check may run at several steps. */
interface PlannedRun {
  readonly name: string;
  readonly time: string;
  readonly until: SlotTime;
  readonly isIt: (run: CheckState) => boolean;
}

function listCheckSlots(spec: SlotsInput['spec'], runs: readonly CheckState[]): readonly CheckSlot[] {
  const planned = planRuns(spec);
  const others = runs
    .filter((run) => !planned.some(({ isIt }) => isIt(run)))
    .map((run): PlannedRun => ({
      name: run.name,
      time: describeTime(run),
      until: 'end',
      isIt: (each) => each === run,
    }));
  const slots = [...planned, ...others].map(({ isIt, ...slot }) => ({ ...slot, runs: runs.filter(isIt) }));
  return slots.map((slot, index) => ({
    ...slot,
    run: slot.runs.at(-1),
    key: `${index} ${slot.name}`,
    check: spec.checks?.find(({ name }) => name === slot.name),
  }));
}

function planRuns({ strategy, checks = [], guardSeconds }: SlotsInput['spec']): readonly PlannedRun[] {
  const steps = strategy.type === 'canary' ? (strategy.canary?.steps ?? []) : [];
  const ofSteps = steps.flatMap(({ check: name }, index) => {
    if (name === undefined) return [];
    const place = `${index + 1} of ${steps.length}:`;
    const isIt = (run: CheckState): boolean => run.name === name && run.step?.startsWith(place) === true;
    return [{ name, time: `step ${place} check ${name}`, until: 'promotion' as const, isIt }];
  });
  const named = new Set(ofSteps.map(({ name }) => name));
  const beside = checks.filter(({ name, when }) => !named.has(name) && when?.includes('release') !== false);
  const ofGuard = guardSeconds === 0 ? [] : checks.filter(({ when }) => when?.includes('guard') !== false);
  return [
    ...ofSteps,
    ...beside.map(({ name }) => planRun(name, 'release')),
    ...ofGuard.map(({ name }) => planRun(name, 'guard')),
  ];
}

/** In whatever step. */
function planRun(name: string, during: CheckState['during']): PlannedRun {
  const isIt = (run: CheckState): boolean => run.name === name && run.during === during;
  return { name, time: describeTime({ during }), until: during === 'guard' ? 'end' : 'promotion', isIt };
}

export function describeTime({ during, step }: Pick<CheckState, 'during' | 'step'>): string {
  if (during === 'guard') return 'by the guard';
  return step === undefined ? 'during the release' : `step ${step}`;
}

/** In the order in which they come. */
function listGateSlots(
  { hooks = {}, healthCheck, strategy }: SlotsInput['spec'],
  gates: readonly GateResult[],
): readonly GateSlot[] {
  const of = (time: HookTime): readonly GateSlot[] =>
    (hooks[time] ?? []).map((hook) =>
      hookSlot(hook, { time, gate: gates.findLast(({ name, during }) => name === hook.name && during === time) }),
    );
  const health = gates.findLast((gate) => gate.name === healthGate && gate.during === undefined);
  const planned: readonly GateSlot[] = [
    ...of('beforeRelease'),
    // Without a check too there is a gate, for pods that are ready.
    {
      key: healthGate,
      name: healthGate,
      purpose: healthCheck === undefined ? 'each pod is ready' : 'each pod says that it is healthy',
      // Pods of one that replaces all others start while it is promoted.
      until: strategy.type === 'recreate' ? 'end' : 'promotion',
      gate: health,
    },
    ...of('beforePromotion'),
    ...of('afterPromotion'),
    ...of('onRollback'),
  ];
  const known = new Set(planned.map(({ gate }) => gate));
  const latest = [...new Map(gates.map((gate) => [`${gate.name} ${gate.during}`, gate])).values()];
  const others = latest.filter((gate) => !known.has(gate));
  return [
    ...planned,
    ...others.map((gate) => ({
      key: `${gate.name} ${gate.during} other`,
      name: gate.name,
      purpose: '',
      until: 'end' as const,
      gate,
    })),
  ];
}

const healthGate = 'health';

function hookSlot(
  { name, approval, job }: Hook,
  { time, gate }: { readonly time: HookTime; readonly gate: GateResult | undefined },
): GateSlot {
  return {
    key: `${name} ${time}`,
    name,
    purpose:
      approval !== undefined
        ? 'waits until somebody agrees'
        : job === undefined
          ? 'somebody is told, and has to answer'
          : 'a job has to end well',
    until: time === 'onRollback' ? 'rollback' : time === 'afterPromotion' ? 'end' : 'promotion',
    gate,
  };
}
