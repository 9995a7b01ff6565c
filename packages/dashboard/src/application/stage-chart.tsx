import type { Stage } from './stages.ts';

export interface StageChartProps {
  readonly stages: readonly Stage[];
  /** The stage that is under way; absent: none has begun. */
  readonly current?: number | undefined;
  /** It stopped there. */
  readonly hasFailed?: boolean;
}

/** Stages side by side, each as high as the share of the traffic that its version has. */
export function StageChart({ stages, current, hasFailed = false }: StageChartProps) {
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Stages of the release">
      <ol className="stages">
        {stages.map(({ label, detail, weight, isForPerson }, index) => {
          const state = stateOf(index, current, hasFailed);
          return (
            <li
              key={`${index} ${label}`}
              className={state}
              title={detail}
              aria-current={state === 'now' ? 'step' : undefined}
            >
              <span className="bar" aria-hidden="true">
                <span style={{ height: `${Math.max(2, weight)}%` }} />
              </span>
              <span className="label">
                <span className="unseen">{stateWords[state]}: </span>
                {label}
                {isForPerson && <span className="person" title="Somebody has to do something here" />}
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

type State = 'done' | 'now' | 'stopped' | 'next';

const stateWords: Readonly<Record<State, string>> = {
  done: 'done',
  now: 'now',
  stopped: 'stopped here',
  next: 'to come',
};

// oxlint-disable-next-line max-params
function stateOf(index: number, current: number | undefined, hasFailed: boolean): State {
  if (current === undefined || index > current) return 'next';
  if (index < current) return 'done';
  return hasFailed ? 'stopped' : 'now';
}
