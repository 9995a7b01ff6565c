import type { Measured } from './check-limits.ts';
import { Duration } from '../parts/relative-time.tsx';
import { Chip } from '../parts/small.tsx';
import { toneOfOutcome } from '../parts/tones.ts';
import { Why } from '../parts/why.tsx';
import { CheckChart } from './check-chart.tsx';
import { describeAbsence, listSlots, type CheckSlot, type GateSlot, type SlotsInput } from './gate-slots.ts';

export interface GatesProps {
  /** Or what is to be one. */
  readonly release: SlotsInput & { readonly phase: string };
  /** All of a check, where more are known than the release itself keeps. */
  readonly measurementsOf?: (slot: CheckSlot) => readonly Measured[] | undefined;
}

/** Checks with what was measured, gates and hooks with what they said; and those that are to come. */
export function Gates({ release, measurementsOf }: GatesProps) {
  const { checks, gates } = listSlots(release);
  if (gates.length + checks.length === 0) return null;
  return (
    <div className="gates">
      {checks.map((slot) => (
        <CheckCard
          key={slot.key}
          slot={slot}
          absent={describeAbsence(slot, release.phase)}
          measurements={measurementsOf?.(slot)}
        />
      ))}
      {gates.map((slot) => (
        <GateCard key={slot.key} slot={slot} absent={describeAbsence(slot, release.phase)} />
      ))}
    </div>
  );
}

interface CheckCardProps {
  readonly slot: CheckSlot;
  /** What is said of one without a run. */
  readonly absent: string;
  readonly measurements?: readonly Measured[] | undefined;
}

function CheckCard({ slot: { name, time, check, run, runs }, absent, measurements }: CheckCardProps) {
  return (
    <div className="gate chart">
      <div className="row">
        <h3 className="cut">{name}</h3>
        <State isThere={run !== undefined} outcome={run?.outcome} open="measuring" absent={absent} />
      </div>
      <p className="small faint cut" title={time}>
        {time}
      </p>
      <CheckChart check={check} measurements={measurements ?? runs.flatMap((each) => each.measurements)} />
      <Said text={run?.message} otherwise={check === undefined ? '' : `passes when ${check.successWhen}`} />
    </div>
  );
}

function GateCard({ slot: { name, purpose, gate }, absent }: { readonly slot: GateSlot; readonly absent: string }) {
  return (
    <div className="gate">
      <div className="row">
        <h3 className="cut">{name}</h3>
        <State isThere={gate !== undefined} outcome={gate?.outcome} open="open" absent={absent} />
        {gate !== undefined && (
          <span className="push small faint">
            <Duration from={gate.startedAt} to={gate.endedAt} />
          </span>
        )}
      </div>
      <Said text={gate?.message} otherwise={purpose} />
    </div>
  );
}

interface StateProps {
  readonly isThere: boolean;
  readonly outcome: string | undefined;
  readonly open: string;
  readonly absent: string;
}

function State({ isThere, outcome, open, absent }: StateProps) {
  if (!isThere) return <Chip tone="calm">{absent}</Chip>;
  return <Chip tone={toneOfOutcome(outcome)}>{outcome ?? open}</Chip>;
}

/** Two lines, whatever there is to say. */
function Said({ text = '', otherwise }: { readonly text?: string | undefined; readonly otherwise: string }) {
  return <div className="said small soft">{text === '' ? otherwise : <Why text={text} />}</div>;
}
