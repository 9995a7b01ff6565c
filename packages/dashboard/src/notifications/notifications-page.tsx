import { useState } from 'react';
import type { ChannelAnswer, List } from '../api/answers.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { Chip, Empty, Notice, ProblemNotice } from '../parts/small.tsx';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { useResource } from '../state/use-resource.ts';
import { ChannelDialog } from './channel-dialog.tsx';
import { describeAddress, describeFilter, labelOf } from './channel-form.ts';
import { Outbox } from './outbox.tsx';

type Asked =
  | { readonly type: 'save'; readonly channel?: ChannelAnswer | undefined }
  | { readonly type: 'remove'; readonly channel: ChannelAnswer };

interface Tried {
  readonly channel: ChannelAnswer;
  readonly sent: boolean;
  readonly error?: string | undefined;
}

const path = '/api/v1/notifications/channels';

/** Who is told of what, in which words, and what was told. */
export function NotificationsPage() {
  const { client } = useDesk();
  const channels = useResource<List<ChannelAnswer>>(path);
  const [asked, setAsked] = useState<Asked>();
  const [tried, setTried] = useState<Tried>();
  const trying = useAction();
  const close = (): void => {
    setAsked(undefined);
    channels.reload();
  };
  const tryOut = (channel: ChannelAnswer): void =>
    trying.run(async () => {
      setTried(undefined);
      const answer = await client.send<Omit<Tried, 'channel'>>('POST', `${pathOf(channel)}/test`);
      setTried({ channel, ...answer });
    });
  return (
    <>
      <PageHead title="Notifications">
        <button type="button" className="button primary" onClick={() => setAsked({ type: 'save' })}>
          New channel
        </button>
      </PageHead>
      {tried !== undefined && (
        <Notice tone={tried.sent ? 'good' : 'bad'}>
          {tried.sent ? `${tried.channel.name} was sent a message that says it is a test.` : `${tried.channel.name}: `}
          {tried.error}
        </Notice>
      )}
      {trying.problem !== undefined && <ProblemNotice problem={trying.problem} />}
      <Loaded resource={channels} height={300}>
        {({ items }) => (
          <>
            {items.length === 0 ? (
              <Empty>
                <p>Nobody is told of anything yet.</p>
              </Empty>
            ) : (
              <ChannelList channels={items} isTrying={trying.isBusy} onTry={tryOut} onAsk={setAsked} />
            )}
            <Outbox channels={items} />
          </>
        )}
      </Loaded>
      {asked?.type === 'save' && <ChannelDialog path={path} channel={asked.channel} onClose={close} />}
      {asked?.type === 'remove' && (
        <ConfirmDialog
          title={`Remove ${asked.channel.name}?`}
          confirm="Remove"
          isDangerous
          perform={() => client.send('DELETE', pathOf(asked.channel))}
          onClose={close}
        >
          Nobody is told there any more, and what was still to be sent is not.
        </ConfirmDialog>
      )}
    </>
  );
}

function pathOf({ id }: ChannelAnswer): string {
  return `${path}/${encodeURIComponent(id)}`;
}

interface ChannelListProps {
  readonly channels: readonly ChannelAnswer[];
  readonly isTrying: boolean;
  readonly onTry: (channel: ChannelAnswer) => void;
  readonly onAsk: (asked: Asked) => void;
}

function ChannelList({ channels, isTrying, onTry, onAsk }: ChannelListProps) {
  return (
    <ul className="card list" aria-label="Channels">
      {channels.map((channel) => {
        const { id, name, type, enabled, filter, template, leftOut } = channel;
        return (
          <li key={id} className="row wrap">
            <div className="about">
              <p>
                {name} <span className="small soft">{labelOf(type)}</span>{' '}
                {!enabled && <Chip tone="calm">switched off</Chip>}
              </p>
              <p className="small rule">{describeAddress(channel)}</p>
              <p className="small soft">{describeFilter(filter)}</p>
              {leftOut !== undefined && (
                <p className="small">
                  <Chip tone="bad">{leftOut.count} left out</Chip> too much waited here, last{' '}
                  <RelativeTime at={leftOut.last} />. Saving the channel again forgets it.
                </p>
              )}
              {template !== undefined && <code className="small soft value">{template}</code>}
            </div>
            <span className="row wrap push">
              <button type="button" className="button slim" aria-disabled={isTrying} onClick={() => onTry(channel)}>
                Send a test<span className="unseen"> to {name}</span>
              </button>
              <button type="button" className="button slim" onClick={() => onAsk({ type: 'save', channel })}>
                Change<span className="unseen"> {name}</span>
              </button>
              <button type="button" className="button danger slim" onClick={() => onAsk({ type: 'remove', channel })}>
                Remove<span className="unseen"> {name}</span>
              </button>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
