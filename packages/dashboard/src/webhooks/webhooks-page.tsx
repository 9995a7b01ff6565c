import { useState } from 'react';
import type { List, WebhookAnswer, WebhookSecretAnswer } from '../api/answers.ts';
import { withQuery } from '../api/client.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Empty, Notice } from '../parts/small.tsx';
import { Link, useLocation } from '../routing/navigation.tsx';
import { useDesk } from '../session/desk.ts';
import { useRequestKey } from '../state/use-request-key.ts';
import { useResource } from '../state/use-resource.ts';
import { WebhookDeliveries } from './webhook-deliveries.tsx';
import { WebhookDialog } from './webhook-dialog.tsx';
import { describeCredentials, describeTarget, labelOf, secretPlaces, signingWords } from './webhook-form.ts';

type Asked = { readonly type: 'create' } | { readonly type: 'rotate' | 'remove'; readonly webhook: WebhookAnswer };

/** Who may tell of pushes, what becomes of them, and what came so far. */
export function WebhooksPage() {
  const { client } = useDesk();
  const { query } = useLocation();
  const webhooks = useResource<List<WebhookAnswer>>('/api/v1/webhooks');
  const [asked, setAsked] = useState<Asked>();
  const [made, setMade] = useState<WebhookSecretAnswer>();
  const all = webhooks.data?.items ?? [];
  const chosen = all.find(({ id }) => id === query.get('webhook')) ?? all[0];
  const key = useRequestKey();
  const rotate = async (webhook: WebhookAnswer): Promise<void> => {
    const path = `${pathOf(webhook)}/rotate`;
    setMade(await client.send<WebhookSecretAnswer>('POST', path, { key: key.of(path) }));
  };
  const close = (): void => {
    key.forget();
    setAsked(undefined);
    webhooks.reload();
  };
  return (
    <>
      <PageHead title="Webhooks">
        <button type="button" className="button primary" onClick={() => setAsked({ type: 'create' })}>
          New webhook
        </button>
      </PageHead>
      {made !== undefined && <MadeSecret made={made} />}
      <Loaded resource={webhooks} height={300}>
        {() =>
          chosen === undefined ? (
            <Empty>
              <p>Nobody tells this server of pushes yet.</p>
            </Empty>
          ) : (
            <>
              <WebhookList webhooks={all} chosen={chosen} onAsk={setAsked} />
              <WebhookDeliveries key={chosen.id} webhook={chosen} />
            </>
          )
        }
      </Loaded>
      {asked?.type === 'create' && (
        <WebhookDialog
          onClose={(given) => {
            if (given !== undefined) setMade(given);
            close();
          }}
        />
      )}
      {asked?.type === 'rotate' && (
        <ConfirmDialog
          title={`A new secret for ${asked.webhook.name}?`}
          confirm="Replace it"
          isDangerous
          perform={() => rotate(asked.webhook)}
          onClose={close}
        >
          What comes with the old one is refused at once, until {labelOf(asked.webhook.sender)} has the new one.
        </ConfirmDialog>
      )}
      {asked?.type === 'remove' && (
        <ConfirmDialog
          title={`Remove ${asked.webhook.name}?`}
          confirm="Remove"
          isDangerous
          perform={() => client.send('DELETE', pathOf(asked.webhook))}
          onClose={close}
        >
          Pushes lead to nothing any more, and what came so far is forgotten.
        </ConfirmDialog>
      )}
    </>
  );
}

function pathOf({ id }: WebhookAnswer): string {
  return `/api/v1/webhooks/${encodeURIComponent(id)}`;
}

function MadeSecret({ made: { webhook, secret, signingToken, path } }: { readonly made: WebhookSecretAnswer }) {
  return (
    <Notice tone="good">
      <p>
        The secret of {webhook.name} is shown this once; {secretPlaces[webhook.secretGoes]}.
        {signingToken !== undefined && ` ${signingWords}`}
      </p>
      <dl className="facts">
        <dt>Address</dt>
        <dd className="mono secret address">{`${location.origin}${path}`}</dd>
        <dt>Secret</dt>
        <dd className="mono secret">{secret}</dd>
        {signingToken !== undefined && (
          <>
            <dt>Signing token</dt>
            <dd className="mono secret signing">{signingToken}</dd>
          </>
        )}
      </dl>
    </Notice>
  );
}

interface WebhookListProps {
  readonly webhooks: readonly WebhookAnswer[];
  readonly chosen: WebhookAnswer;
  readonly onAsk: (asked: Asked) => void;
}

function WebhookList({ webhooks, chosen, onAsk }: WebhookListProps) {
  return (
    <ul className="card list" aria-label="Webhooks">
      {webhooks.map((webhook) => {
        const { id, name, sender, target, createdAt, createdBy, rotatedAt } = webhook;
        const credentials = describeCredentials(webhook);
        return (
          <li key={id} className={id === chosen.id ? 'row wrap chosen' : 'row wrap'}>
            <div className="about">
              <p>
                <Link to={withQuery('/webhooks', { webhook: id })} aria-current={id === chosen.id ? 'true' : undefined}>
                  {name}
                </Link>{' '}
                <span className="small soft">{labelOf(sender)}</span>
              </p>
              {describeTarget(target).map((rule) => (
                <p key={rule} className="small rule">
                  {rule}
                </p>
              ))}
              <p className="small faint">
                made <RelativeTime at={createdAt} /> by {createdBy}
                {rotatedAt !== undefined && (
                  <>
                    , secret replaced <RelativeTime at={rotatedAt} />
                  </>
                )}
                {credentials !== undefined && `, ${credentials}`}
              </p>
            </div>
            <span className="row push">
              <button type="button" className="button slim" onClick={() => onAsk({ type: 'rotate', webhook })}>
                New secret<span className="unseen"> for {name}</span>
              </button>
              <button type="button" className="button danger slim" onClick={() => onAsk({ type: 'remove', webhook })}>
                Remove<span className="unseen"> {name}</span>
              </button>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
