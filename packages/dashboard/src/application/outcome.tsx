import type { CommandAnswer } from '../api/answers.ts';
import { Notice } from '../parts/small.tsx';

export interface OutcomeProps {
  readonly answer: CommandAnswer;
  readonly onClose: () => void;
}

/** What became of a command, until somebody has read it. */
export function Outcome({ answer: { outcome, message }, onClose }: OutcomeProps) {
  const words = outcome === 'waiting' ? 'It was asked for; the controller has not answered yet.' : message;
  return (
    <div className="outcome">
      <Notice tone={outcome === 'refused' ? 'bad' : outcome === 'waiting' ? 'wait' : 'good'}>
        {outcome === 'refused' ? 'Refused: ' : ''}
        {words}
      </Notice>
      <button type="button" className="button slim plain" onClick={onClose}>
        Close
      </button>
    </div>
  );
}
