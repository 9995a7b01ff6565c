import { useId, useRef, useState, type FocusEvent, type ToggleEvent } from 'react';
import { Words } from './words.tsx';

/**
 * Where it stands there is room for a line or two of it. Pressed, by whatever means, it says all: a button is read out whole and
 * has the keyboard, and Escape, another press or one beside it closes what it has opened.
 */
export function Why({ text }: { readonly text: string }) {
  const id = useId();
  const whole = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const leave = ({ currentTarget, relatedTarget }: FocusEvent<HTMLElement>): void => {
    if (!currentTarget.contains(relatedTarget)) whole.current?.hidePopover();
  };
  const follow = ({ newState }: ToggleEvent<HTMLElement>): void => setOpen(newState === 'open');
  return (
    <div className="why" onBlur={leave}>
      <button type="button" title={text} popoverTarget={id}>
        <span key={text}>
          <Words text={text} />
        </span>
      </button>
      <div ref={whole} id={id} className="card whole" popover="auto" tabIndex={-1} onBeforeToggle={follow}>
        {isOpen && <Words text={text} />}
      </div>
    </div>
  );
}
