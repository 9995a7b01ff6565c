import { useId, useRef, type FocusEvent } from 'react';
import { Words } from '../parts/words.tsx';

/**
 * A row has room for two lines of it. Pressed, by whatever means, it says all: a button is read out whole and has the keyboard,
 * and Escape, another press or one beside it closes what it has opened.
 */
export function Why({ text }: { readonly text: string }) {
  const id = useId();
  const whole = useRef<HTMLDivElement>(null);
  const leave = ({ currentTarget, relatedTarget }: FocusEvent<HTMLElement>): void => {
    if (!currentTarget.contains(relatedTarget)) whole.current?.hidePopover();
  };
  return (
    <div className="why" onBlur={leave}>
      <button type="button" title={text} popoverTarget={id}>
        <Words text={text} />
      </button>
      <div ref={whole} id={id} className="card whole" popover="auto" tabIndex={-1}>
        <Words text={text} />
      </div>
    </div>
  );
}
