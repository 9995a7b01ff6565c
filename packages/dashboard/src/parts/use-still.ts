import { useRef, useState, type RefObject } from 'react';
import { followPlaces, keepList, type Placed } from './places.ts';

/** Below what is in sight nobody is disturbed: it may become whatever it is. */
function isBelowSight(element: Element | null): boolean {
  return element !== null && element.getBoundingClientRect().top > innerHeight;
}

export interface Still<Shown> {
  readonly shown: Shown;
  /** Of what contains the list. */
  readonly ref: RefObject<HTMLElement | null>;
}

/** Of a list whose places are kept while it is whole. */
export function useStillPlaces<Item>(
  now: readonly Item[],
  isWhole: boolean,
  keyOf: (item: Item) => string,
): Still<readonly Placed<Item>[]> {
  const ref = useRef<HTMLElement>(null);
  const last = useRef<readonly Placed<Item>[]>([]);
  const { shown, kept } = followPlaces(last.current, now, { isWhole, isFree: isBelowSight(ref.current) }, keyOf);
  last.current = kept;
  return { shown, ref };
}

export interface StillList<Item> extends Still<readonly Item[]> {
  readonly newer: number;
  readonly showAll: () => void;
}

/** Of a list whose newest stand first: where somebody may be reading it, they wait until he wants them. */
export function useStillList<Item>(now: readonly Item[], keyOf: (item: Item) => string): StillList<Item> {
  const ref = useRef<HTMLElement>(null);
  const last = useRef(now);
  const [, redraw] = useState(0);
  const isFree = last.current.length === 0 || isBelowSight(ref.current);
  const { items, newer } = keepList(isFree ? now : last.current, now, keyOf);
  last.current = items;
  const showAll = (): void => {
    last.current = [];
    redraw((count) => count + 1);
  };
  return { shown: items, newer, showAll, ref };
}
