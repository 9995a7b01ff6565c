import { useEffect, useMemo, useRef, useState } from 'react';
import type { LogLine } from '../api/answers.ts';
import { Chip } from '../parts/small.tsx';
import { describeClock, describeInstant } from '../parts/time-words.ts';
import { useReleaseLog } from './use-release-log.ts';

/** So near to its end somebody follows it. */
const nearPixels = 40;
const maximumShown = 2_000;

/** The log, live; it stays at its end for as long as nobody scrolls away from there. */
export function LogView({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { lines, state } = useReleaseLog(namespace, name);
  const [search, setSearch] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  const shown = useMemo(() => {
    const words = search.toLowerCase();
    const found =
      words === '' ? lines : lines.filter(({ text, kind }) => `${kind} ${text}`.toLowerCase().includes(words));
    return found.slice(-maximumShown);
  }, [lines, search]);
  useEffect(() => {
    if (isFollowing.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [shown]);
  const look = (): void => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    isFollowing.current = scrollHeight - scrollTop - clientHeight < nearPixels;
  };
  return (
    <section className="card" aria-labelledby="log">
      <header>
        <h2 id="log">Log</h2>
        {state === 'open' && <Chip tone="busy">live</Chip>}
        {(state === 'waiting' || state === 'connecting') && lines.length > 0 && <Chip tone="wait">connecting</Chip>}
        <span className="small soft">{lines.length} lines</span>
        <input
          type="search"
          className="input push log-search"
          placeholder="Search"
          aria-label="Search the log"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      </header>
      <div
        className="log"
        ref={box}
        onScroll={look}
        tabIndex={0}
        role="log"
        aria-label="Log of the release"
        aria-live="off"
      >
        {shown.map((line) => (
          <Line key={line.number} line={line} />
        ))}
      </div>
    </section>
  );
}

function Line({ line: { number, at, kind, text } }: { readonly line: LogLine }) {
  const isBad = /\b(failed|error|refused|cannot)\b/i.test(text);
  return (
    <div className={isBad ? 'line bad-text' : 'line'}>
      <span className="number faint">{number}</span>
      <time dateTime={at} title={describeInstant(Date.parse(at))}>
        {describeClock(Date.parse(at))}
      </time>
      <span className="kind">{kind}</span>
      <span className="text">{text}</span>
    </div>
  );
}
