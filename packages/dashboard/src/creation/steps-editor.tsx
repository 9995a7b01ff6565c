import { useId, type MouseEvent } from 'react';
import type { CanaryStep } from '@slipway/delivery/api/application';
import { createStep, kindOfStep, moveStep, stepKinds, stepWords, valueOfStep, type StepKind } from './steps.ts';

export interface StepsEditorProps {
  readonly steps: readonly CanaryStep[];
  /** Names of the checks that there are. */
  readonly checks: readonly string[];
  readonly faults: readonly string[];
  readonly onChange: (steps: readonly CanaryStep[]) => void;
}

/** Steps below each other: what each one is, how much, and where it stands. */
export function StepsEditor({ steps, checks, faults, onChange }: StepsEditorProps) {
  const about = useId();
  const replace = (index: number, step: CanaryStep): void => onChange(steps.with(index, step));
  return (
    <fieldset className="steps" aria-describedby={faults.length > 0 ? about : undefined}>
      <legend>Steps</legend>
      <ol>
        {steps.map((step, index) => (
          <StepRow
            // A step is known by its place alone.
            // oxlint-disable-next-line react/no-array-index-key
            key={index}
            number={index + 1}
            step={step}
            checks={checks}
            isLast={index === steps.length - 1}
            onChange={(changed) => replace(index, changed)}
            onMove={(by) => onChange(moveStep(steps, index, index + by))}
            onRemove={() => onChange(steps.toSpliced(index, 1))}
          />
        ))}
      </ol>
      <div className="row wrap">
        <button
          type="button"
          className="button slim"
          onClick={() => onChange([...steps, { setWeight: nextWeight(steps) }])}
        >
          Add a weight
        </button>
        <button type="button" className="button slim" onClick={() => onChange([...steps, { pause: { seconds: 60 } }])}>
          Add a pause
        </button>
        <button type="button" className="button slim" onClick={() => onChange([...steps, { pause: {} }])}>
          Add a wait for somebody
        </button>
      </div>
      {faults.length > 0 && (
        <p className="fault" id={about}>
          {faults.join('; ')}
        </p>
      )}
    </fieldset>
  );
}

interface StepRowProps {
  readonly number: number;
  readonly step: CanaryStep;
  readonly checks: readonly string[];
  readonly isLast: boolean;
  readonly onChange: (step: CanaryStep) => void;
  readonly onMove: (by: number) => void;
  readonly onRemove: () => void;
}

function StepRow({ number, step, checks, isLast, onChange, onMove, onRemove }: StepRowProps) {
  const kind = kindOfStep(step);
  const kinds: readonly StepKind[] = kind === 'match' ? [...stepKinds, 'match'] : stepKinds;
  // The keyboard goes along with the step: pressed again, it moves on.
  const move =
    (by: 1 | -1) =>
    ({ currentTarget }: MouseEvent<HTMLButtonElement>): void => {
      const row = currentTarget.closest('li');
      const next = by === 1 ? row?.nextElementSibling : row?.previousElementSibling;
      if (next === null || next === undefined) return;
      next.querySelectorAll<HTMLElement>('.tools button')[by === 1 ? 1 : 0]?.focus();
      onMove(by);
    };
  return (
    <li className="row">
      <span className="number faint">{number}</span>
      <select
        className="input"
        aria-label={`Kind of step ${number}`}
        value={kind}
        onChange={({ target }) => onChange(createStep(target.value as StepKind, firstValue(target.value, checks)))}
      >
        {kinds.map((each) => (
          <option key={each} value={each}>
            {stepWords[each]}
          </option>
        ))}
      </select>
      {kind === 'match' ? (
        <span className="small soft">see the text</span>
      ) : (
        <input
          className="input"
          aria-label={`Value of step ${number}`}
          value={valueOfStep(step)}
          placeholder={kind === 'pause' ? 'until resumed' : ''}
          inputMode={kind === 'check' || kind === 'setReplicas' ? 'text' : 'numeric'}
          onChange={({ target }) => onChange(createStep(kind, target.value))}
        />
      )}
      <span className="row push tools">
        <button type="button" className="button plain slim" aria-disabled={number === 1} onClick={move(-1)}>
          <span aria-hidden="true">↑</span>
          <span className="unseen">Move step {number} up</span>
        </button>
        <button type="button" className="button plain slim" aria-disabled={isLast} onClick={move(1)}>
          <span aria-hidden="true">↓</span>
          <span className="unseen">Move step {number} down</span>
        </button>
        <button type="button" className="button plain slim" onClick={onRemove}>
          <span aria-hidden="true">×</span>
          <span className="unseen">Remove step {number}</span>
        </button>
      </span>
    </li>
  );
}

function firstValue(kind: string, [check = '']: readonly string[]): string {
  return kind === 'check' ? check : kind === 'setReplicas' ? '1' : kind === 'pause' ? '60' : '10';
}

function nextWeight(steps: readonly CanaryStep[]): number {
  const last = steps.findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
  return Math.min(90, last + 20);
}
