import { useLayoutEffect, useRef, type ReactNode } from 'react';

/** The one that comes next takes the keyboard: what somebody went to is still being read, or was drawn anew. */
let isAwaited = false;

export function awaitTitle(): void {
  isAwaited = true;
}

/** Somebody has gone on, or a page ended that had none: the next one is not what he went to. */
export function forgetTitle(): void {
  isAwaited = false;
}

/** What the page is: names its tab, and is where who goes there begins. */
export function Title({ children }: { readonly children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    const element = heading.current;
    document.title = `${element?.textContent ?? ''} · Slipway`;
    if (isAwaited) element?.focus();
    isAwaited = false;
    return () => {
      isAwaited = document.activeElement === element;
    };
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
