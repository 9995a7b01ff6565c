import { useMemo, useState } from 'react';
import type { LogLine } from '../api/answers.ts';
import { FollowingLog, LineTime } from '../parts/following-log.tsx';
import { Chip } from '../parts/small.tsx';
import { useReleaseLog } from './use-release-log.ts';

const maximumShown = 2_000;

/** The log, live. */
export function LogView({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { lines, state } = useReleaseLog(namespace, name);
  const [search, setSearch] = useState('');
  const shown = useMemo(() => {
    const words = search.toLowerCase();
    const found =
      words === '' ? lines : lines.filter(({ text, kind }) => `${kind} ${text}`.toLowerCase().includes(words));
    return found.slice(-maximumShown);
  }, [lines, search]);
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
      <FollowingLog label="Log of the release" lines={shown}>
        {shown.map((line) => (
          <Line key={line.number} line={line} />
        ))}
      </FollowingLog>
    </section>
  );
}

function Line({ line: { number, at, kind, text } }: { readonly line: LogLine }) {
  const isBad = /\b(failed|error|refused|cannot)\b/i.test(text);
  return (
    <div className={isBad ? 'line bad-text' : 'line'}>
      <span className="number faint">{number}</span>
      <LineTime at={at} />
      <span className="kind">{kind}</span>
      <span className="text">{text}</span>
    </div>
  );
}
