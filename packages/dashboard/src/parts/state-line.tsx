import type { ReactNode } from 'react';
import { Duration } from './relative-time.tsx';
import type { Tone } from './tones.ts';
import { Why } from './why.tsx';

export interface StateLineProps {
  readonly tone: Tone;
  readonly text: string;
  /** Since when it is so. */
  readonly since?: string | undefined;
  /** What can be done about it. */
  readonly children?: ReactNode;
}

/** How it stands, in a sentence that is always there and always as high: nothing below it moves when it is another one. */
export function StateLine({ tone, text, since, children }: StateLineProps) {
  return (
    <div className={`notice state-line ${tone}`}>
      <div className="said" role={tone === 'bad' ? 'alert' : 'status'}>
        <Why text={text} />
      </div>
      {since !== undefined && (
        <span className="since small">
          <Duration from={since} />
        </span>
      )}
      {children}
    </div>
  );
}
