/** Keeps the keyboard on the page: what had it may be taken away by news, by its own press or behind a dialog. */

/** From the inside out. */
type Trail = readonly HTMLElement[];

/** It goes to the nearest thing around it that is still there, and is seen there; gives what ends this. */
export function keepFocus(): () => void {
  let last: Trail = [];
  let outsideDialogs: Trail = [];
  const observer = new MutationObserver(look);
  const remember = ({ target }: FocusEvent): void => {
    if (!(target instanceof HTMLElement)) return;
    last = trailOf(target);
    if (target.closest('dialog') === null) outsideDialogs = last;
    observer.observe(document.body, { childList: true, subtree: true });
  };
  // Somebody points at something: if that takes no keyboard, none is wanted.
  const forget = (): void => {
    last = [];
    observer.disconnect();
  };
  document.addEventListener('focusin', remember);
  document.addEventListener('pointerdown', forget, { capture: true });
  return () => {
    forget();
    document.removeEventListener('focusin', remember);
    document.removeEventListener('pointerdown', forget, { capture: true });
  };

  function look(): void {
    const isLost = document.activeElement === document.body && last[0]?.isConnected === false;
    if (!isLost) return;
    const dialog = document.querySelector<HTMLElement>('dialog[open]');
    const found = (dialog === null ? outsideDialogs : last).find(({ isConnected }) => isConnected);
    const place = dialog?.contains(found ?? null) === false ? dialog : found;
    if (place !== undefined && place !== document.body) give(place);
  }
}

function trailOf(element: HTMLElement): Trail {
  const around = element.parentElement;
  return around === null ? [element] : [element, ...trailOf(around)];
}

/** Around the whole page there is nothing to see: it begins at its heading. */
function give(place: HTMLElement): void {
  const heading = place.matches('dialog, dialog *') ? null : place.querySelector('h1');
  const target = heading ?? place;
  if (!target.hasAttribute('tabindex')) {
    target.tabIndex = -1;
    target.addEventListener('blur', () => target.removeAttribute('tabindex'), { once: true });
  }
  target.focus({ preventScroll: true });
}
