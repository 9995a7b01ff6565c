import { useCallback, useLayoutEffect, useRef, useState } from 'react';
import { calculateRange, type RowRange } from './window-rows.ts';

export interface WindowRows {
  readonly range: RowRange;
  /** Of the element that is as high as all rows. */
  readonly ref: (element: HTMLElement | null) => void;
}

/** Before the first look: as many as a large window shows. */
const firstRows = 24;

/** Rows of a list that scrolls with the page. */
export function useWindowRows(count: number, rowHeight: number): WindowRows {
  const [range, setRange] = useState<RowRange>({ first: 0, end: Math.min(count, firstRows) });
  const element = useRef<HTMLElement | null>(null);
  const look = useCallback(() => {
    if (element.current === null) return;
    const top = -element.current.getBoundingClientRect().top;
    const next = calculateRange({ top, height: innerHeight }, count, rowHeight);
    setRange((current) => (current.first === next.first && current.end === next.end ? current : next));
  }, [count, rowHeight]);
  useLayoutEffect(() => {
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [look]);
  const ref = useCallback(
    (found: HTMLElement | null) => {
      element.current = found;
      look();
    },
    [look],
  );
  return { range, ref };
}
