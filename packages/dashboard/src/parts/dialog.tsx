import { useId, useLayoutEffect, useRef, type ReactNode, type SubmitEvent, type SyntheticEvent } from 'react';

export interface DialogProps {
  readonly title: string;
  readonly confirm: string;
  readonly isDangerous?: boolean;
  readonly isBusy?: boolean;
  /** It tells of what is done: nothing is left to cancel. */
  readonly isDone?: boolean;
  /** Id of the text that is read out after the title. */
  readonly describedBy?: string;
  readonly onConfirm: (data: FormData) => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Asks before something is done: Escape leaves it, Enter does it, and the keyboard stays inside. */
export function Dialog({ title, confirm, describedBy, onConfirm, onClose, children, ...looks }: DialogProps) {
  const { isDangerous, isBusy, isDone } = looks;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Closed before it is taken away: the browser then gives the keyboard back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (isBusy !== true) onConfirm(new FormData(event.currentTarget));
  };
  const leave = (event: SyntheticEvent): void => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} aria-describedby={describedBy} onCancel={leave}>
      <form onSubmit={submit}>
        <h2 id={id}>{title}</h2>
        {children}
        <div className="actions">
          {isDone !== true && (
            <button type="button" className="button plain" onClick={onClose}>
              Cancel
            </button>
          )}
          {/* Not `disabled`, which takes the keyboard away from what was pressed; so wherever a press itself leads to it. */}
          <button
            type="submit"
            className={isDangerous === true ? 'button danger' : 'button primary'}
            aria-disabled={isBusy}
          >
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
