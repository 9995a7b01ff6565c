/** The smallest parts of a page. */
import type { ReactNode } from 'react';
import { ApiProblem, describeProblem } from '../api/problem.ts';
import { describePhase, toneOfPhase, type Tone } from './tones.ts';

export function PhaseChip({ phase }: { readonly phase: string }) {
  return <Chip tone={toneOfPhase(phase)}>{describePhase(phase)}</Chip>;
}

export function Chip({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return <span className={`chip ${tone}`}>{children}</span>;
}

export function Version({ children }: { readonly children: string }) {
  return (
    <span className="version" title={children.length > 24 ? children : undefined}>
      {children.length > 24 ? `${children.slice(0, 23)}…` : children}
    </span>
  );
}

export interface NoticeProps {
  readonly tone: Tone;
  readonly children: ReactNode;
}

export function Notice({ tone, children }: NoticeProps) {
  return (
    <div className={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <div>{children}</div>
    </div>
  );
}

/** What was wrong, and every fault with its field. */
export function ProblemNotice({ problem }: { readonly problem: unknown }) {
  const faults = problem instanceof ApiProblem ? problem.faults : [];
  return (
    <Notice tone="bad">
      {describeProblem(problem)}
      {faults.length > 1 && (
        <ul>
          {faults.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              {field !== '' && <code>{field}</code>} {message}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

/** What could not be read just now, above a page that stays where it is, and as it was. */
export function Trouble({ problem }: { readonly problem: unknown }) {
  return (
    <div className="trouble">
      <ProblemNotice problem={problem} />
    </div>
  );
}

export function Empty({ children }: { readonly children: ReactNode }) {
  return <div className="empty">{children}</div>;
}

/** As high as what comes, so that nothing jumps when it does. */
export function Skeleton({ height }: { readonly height: number }) {
  return <div className="skeleton" style={{ height }} role="status" aria-label="Loading" />;
}
