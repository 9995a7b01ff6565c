import { useState } from 'react';
import type { ChannelAnswer, NotificationAnswer } from '../api/answers.ts';
import { withQuery } from '../api/client.ts';
import { DeliverySection, type Repeating } from '../parts/delivery-section.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { Chip, Version } from '../parts/small.tsx';
import { Table } from '../parts/table.tsx';
import type { Tone } from '../parts/tones.ts';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { describeEventType } from './channel-form.ts';

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
  const [state, setState] = useState('');
  const names = new Map(channels.map(({ id, name }) => [id, name]));
  return (
    <DeliverySection<NotificationAnswer>
      title="Outbox"
      path={withQuery(path, { limit: 50, state })}
      repeatPath={(id) => `${path}/${id}/repeat`}
      empty={state === '' ? 'Nothing was told yet.' : 'Nothing is like this.'}
      tools={<StateChoice state={state} onChoose={setState} />}
    >
      {(items, repeating) => (
        <Table label="Outbox" columns={['When', 'Told', 'To', 'State', { head: 'Repeat', isUnseen: true }]}>
          {items.map((notification) => (
            <NotificationRow
              key={notification.id}
              notification={notification}
              channel={names.get(notification.channel)}
              repeating={repeating}
            />
          ))}
        </Table>
      )}
    </DeliverySection>
  );
}

interface StateChoiceProps {
  readonly state: string;
  readonly onChoose: (state: string) => void;
}

function StateChoice({ state, onChoose }: StateChoiceProps) {
  return (
    <select
      className="input slim push"
      aria-label="State"
      value={state}
      onChange={({ target }) => onChoose(target.value)}
    >
      <option value="">All</option>
      {states.map((each) => (
        <option key={each} value={each}>
          {words[each]}
        </option>
      ))}
    </select>
  );
}

interface NotificationRowProps {
  readonly notification: NotificationAnswer;
  readonly channel: string | undefined;
  readonly repeating: Repeating;
}

function NotificationRow({ notification, channel, repeating: { isBusy, ask } }: NotificationRowProps) {
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
          <button type="button" className="button slim" aria-disabled={isBusy} onClick={() => ask(id)}>
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
