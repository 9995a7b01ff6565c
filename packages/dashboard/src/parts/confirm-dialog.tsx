import { useId, type ReactNode } from 'react';
import { useAction } from '../state/use-action.ts';
import { Dialog } from './dialog.tsx';
import { ProblemNotice } from './small.tsx';

export interface ConfirmDialogProps {
  readonly title: string;
  readonly confirm: string;
  readonly isDangerous?: boolean;
  readonly perform: () => Promise<void>;
  /** Also where it was not done. */
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Says what will be done, does it, and stays where that fails. */
export function ConfirmDialog({ perform, onClose, children, ...dialog }: ConfirmDialogProps) {
  const { isBusy, problem, run } = useAction();
  const text = useId();
  const carryOut = (): void => run(async () => perform().then(onClose));
  return (
    <Dialog {...dialog} describedBy={text} isBusy={isBusy} onConfirm={carryOut} onClose={onClose}>
      <div id={text} className="soft">
        {children}
      </div>
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </Dialog>
  );
}
