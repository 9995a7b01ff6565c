import { useState } from 'react';
import type { EventAnswer } from '../api/answers.ts';
import { Chip } from '../parts/small.tsx';
import { Table } from '../parts/table.tsx';
import { Words } from '../parts/words.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { ShowNewer } from '../parts/show-newer.tsx';
import { useStillList } from '../parts/use-still.ts';

const shownAtFirst = 6;

/** What the cluster noted, newest first. */
export function Events({ events: now }: { readonly events: readonly EventAnswer[] }) {
  const [isWhole, setWhole] = useState(false);
  const { shown: events, ref, ...waiting } = useStillList(now, keyOf);
  if (events.length === 0) return null;
  return (
    <section ref={ref} className="card events" aria-labelledby="events">
      <header>
        <h2 id="events">Events</h2>
        <ShowNewer {...waiting} />
      </header>
      <Table label="Events" columns={['When', 'Reason', 'About', 'Message', { head: 'Times', isNumber: true }]}>
        {(isWhole ? events : events.slice(0, shownAtFirst)).map(
          ({ type, reason, message, kind, name, count, lastAt }, index) => (
            <tr key={`${index} ${kind} ${name} ${reason}`}>
              <td className="soft">{lastAt !== undefined && <RelativeTime at={lastAt} />}</td>
              <td>{type === 'Warning' ? <Chip tone="wait">{reason}</Chip> : reason}</td>
              <td className="soft short">
                {kind} <span className="mono small">{name}</span>
              </td>
              <td className="message whole">
                <Words text={message} />
              </td>
              <td className="number" data-head="times">
                {count}
              </td>
            </tr>
          ),
        )}
      </Table>
      {!isWhole && events.length > shownAtFirst && (
        <div className="more">
          <button type="button" className="button plain slim" onClick={() => setWhole(true)}>
            Show all {events.length}
          </button>
        </div>
      )}
    </section>
  );
}

function keyOf({ type, kind, name, reason, message, firstAt = '' }: EventAnswer): string {
  return [type, kind, name, reason, message, firstAt].join('\n');
}
