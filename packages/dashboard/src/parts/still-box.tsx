import { Fragment, useLayoutEffect, useRef, useState, type FocusEvent, type ReactNode } from 'react';
import { planRoom, type Room } from './rooms.ts';

export interface StillBoxProps {
  /** What is shown in it now, by its key. */
  readonly shows: string;
  readonly className: string;
  readonly children: ReactNode;
}

/**
 * Shows one thing after another: the next one gets the room of the one before it, so that what stands below stays where it is. It
 * is free again when the page becomes wider or narrower, which moves everything anyway.
 */
export function StillBox({ shows, className, children }: StillBoxProps) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const last = useRef({ shows, height: 0, width: 0 });
  const [room, setRoom] = useState<Room>();
  const [isCut, setCut] = useState(false);
  useLayoutEffect(() => {
    if (last.current.shows === shows || box.current === null) return;
    last.current.shows = shows;
    const { height } = last.current;
    setRoom(planRoom({ height, bottom: box.current.getBoundingClientRect().top + height }, innerHeight));
  }, [shows]);
  useLayoutEffect(() => {
    const measure = (): void => {
      if (box.current === null || content.current === null) return;
      const { width, height } = box.current.getBoundingClientRect();
      if (last.current.width !== 0 && last.current.width !== width) setRoom(undefined);
      Object.assign(last.current, { width, height });
      setCut(content.current.getBoundingClientRect().height > height + 1);
    };
    const observer = new ResizeObserver(measure);
    for (const { current } of [box, content]) if (current !== null) observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const showAll = (): void => setRoom((known) => known && { ...known, isBound: false });
  const showFocused = ({ target }: FocusEvent): void => {
    const edge = box.current?.getBoundingClientRect().bottom ?? Number.POSITIVE_INFINITY;
    if (target.getBoundingClientRect().bottom > edge) showAll();
  };
  const isBound = room?.isBound === true;
  return (
    <div
      ref={box}
      className={isBound ? 'still-box bound' : 'still-box'}
      style={{ minHeight: room?.height, maxHeight: isBound ? room.height : undefined }}
      onFocus={showFocused}
    >
      <div ref={content} className={className}>
        <Fragment key={shows}>{children}</Fragment>
      </div>
      {isCut && (
        <div className="uncut">
          <button type="button" className="button slim" onClick={showAll}>
            Show all of it
          </button>
        </div>
      )}
    </div>
  );
}
