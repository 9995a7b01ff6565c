import { useEffect, useRef, type ReactNode } from 'react';
import { describeClock, describeInstant } from './time-words.ts';

/** So near to its end somebody follows it. */
const nearPixels = 40;

export interface FollowingLogProps {
  readonly label: string;
  /** Another value: there are other lines. */
  readonly lines: unknown;
  readonly children: ReactNode;
}

/** Lines as they come; it stays at its end for as long as nobody scrolls away from there. */
export function FollowingLog({ label, lines, children }: FollowingLogProps) {
  const box = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  useEffect(() => {
    if (isFollowing.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [lines]);
  const look = (): void => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    isFollowing.current = scrollHeight - scrollTop - clientHeight < nearPixels;
  };
  return (
    <div className="log" ref={box} onScroll={look} tabIndex={0} role="log" aria-label={label} aria-live="off">
      {children}
    </div>
  );
}

export function LineTime({ at }: { readonly at: string }) {
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={describeInstant(time)}>
      {describeClock(time)}
    </time>
  );
}
