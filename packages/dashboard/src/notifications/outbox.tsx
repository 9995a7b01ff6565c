import { useState } from 'react';
import type { ChannelAnswer, NotificationAnswer } from '../api/answers.ts';
import { withQuery } from '../api/client.ts';
import { More } from '../parts/more.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { Chip, Empty, ProblemNotice, Skeleton, Version } from '../parts/small.tsx';
import type { Tone } from '../parts/tones.ts';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { usePages } from '../state/use-pages.ts';
import { describeEventType } from './channel-form.ts';

const lookMilliseconds = 3_000;
const path = '/api/v1/notifications/deliveries';

const words: Readonly<Record<NotificationAnswer['state'], string>> = {
  pending: 'to be sent',
  delivered: 'sent',
  dead: 'given up',
};
const tones: Readonly<Record<NotificationAnswer['state'], Tone>> = { pending: 'busy', delivered: 'good', dead: 'bad' };
const states = ['pending', 'delivered', 'dead'] as const;

/** What was sent, what is to be, and what was given up, each with why. */
export function Outbox({ channels }: { readonly channels: readonly ChannelAnswer[] }) {
  const { client } = useDesk();
  const [state, setState] = useState('');
  const { items, problem, readOn, reload } = usePages<NotificationAnswer>(withQuery(path, { limit: 50, state }), {
    everyMilliseconds: lookMilliseconds,
  });
  const repeat = useAction();
  const ask = (id: string): void =>
    repeat.run(async () => {
      await client.send('POST', `${path}/${encodeURIComponent(id)}/repeat`);
      reload();
    });
  return (
    <section className="card" aria-labelledby="outbox">
      <header>
        <h2 id="outbox">Outbox</h2>
        <select
          className="input slim push"
          aria-label="State"
          value={state}
          onChange={({ target }) => setState(target.value)}
        >
          <option value="">All</option>
          {states.map((each) => (
            <option key={each} value={each}>
              {words[each]}
            </option>
          ))}
        </select>
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} />}
      {repeat.problem !== undefined && <ProblemNotice problem={repeat.problem} />}
      {items === undefined ? (
        problem === undefined && <Skeleton height={160} />
      ) : items.length === 0 ? (
        <Empty>
          <p>{state === '' ? 'Nothing was told yet.' : 'Nothing is like this.'}</p>
        </Empty>
      ) : (
        <NotificationTable notifications={items} channels={channels} isBusy={repeat.isBusy} onRepeat={ask} />
      )}
      <More readOn={readOn} />
    </section>
  );
}

interface NotificationTableProps {
  readonly notifications: readonly NotificationAnswer[];
  readonly channels: readonly ChannelAnswer[];
  readonly isBusy: boolean;
  readonly onRepeat: (id: string) => void;
}

function NotificationTable({ notifications, channels, isBusy, onRepeat }: NotificationTableProps) {
  const names = new Map(channels.map(({ id, name }) => [id, name]));
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-labelledby="outbox">
      <table className="table">
        <thead>
          <tr>
            <th>When</th>
            <th>Told</th>
            <th>To</th>
            <th>State</th>
            <th>
              <span className="unseen">Repeat</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {notifications.map((notification) => (
            <NotificationRow
              key={notification.id}
              notification={notification}
              channel={names.get(notification.channel)}
              isBusy={isBusy}
              onRepeat={onRepeat}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface NotificationRowProps extends Pick<NotificationTableProps, 'isBusy' | 'onRepeat'> {
  readonly notification: NotificationAnswer;
  readonly channel: string | undefined;
}

function NotificationRow({ notification, channel, isBusy, onRepeat }: NotificationRowProps) {
  const { id, event, state, attempts, createdAt, nextAt, error } = notification;
  return (
    <tr>
      <td className="soft">
        <RelativeTime at={createdAt} />
      </td>
      <td>
        <Told event={event} />
      </td>
      <td>{channel ?? <span className="faint">removed</span>}</td>
      <td className="outcome-cell">
        <Chip tone={tones[state]}>{words[state]}</Chip>
        {attempts > 1 && <span className="small faint"> {attempts} attempts</span>}
        {state !== 'delivered' && error !== undefined && <p className="small why bad-text">{error}</p>}
        {state === 'pending' && attempts > 0 && nextAt !== undefined && (
          <p className="small soft">
            again <RelativeTime at={nextAt} />
          </p>
        )}
      </td>
      <td className="number">
        {state !== 'pending' && (
          <button type="button" className="button slim" disabled={isBusy} onClick={() => onRepeat(id)}>
            Send again
            <span className="unseen">
              {' '}
              {event.application} {event.version} to {channel}
            </span>
          </button>
        )}
      </td>
    </tr>
  );
}

function Told({ event: { type = '', namespace, release, application, version } }: Pick<NotificationAnswer, 'event'>) {
  if (namespace === undefined || release === undefined) return <>{describeEventType(type)}</>;
  return (
    <>
      <Link to={formatPlace({ page: 'release', namespace, name: release })}>
        {application} <Version>{version ?? ''}</Version>
      </Link>{' '}
      {describeEventType(type)} <span className="small faint">{namespace}</span>
    </>
  );
}
