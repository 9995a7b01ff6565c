import type { WebhookAnswer, WebhookDeliveryAnswer, WebhookResultAnswer } from '../api/answers.ts';
import { DeliverySection, type Repeating } from '../parts/delivery-section.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { Chip, Version } from '../parts/small.tsx';
import { Table } from '../parts/table.tsx';
import type { Tone } from '../parts/tones.ts';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { describeEvent } from './webhook-form.ts';

const tones: Readonly<Record<WebhookDeliveryAnswer['state'], Tone>> = {
  waiting: 'calm',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  ignored: 'calm',
  refused: 'wait',
};

/** What one webhook was told, and what came of it. */
export function WebhookDeliveries({ webhook }: { readonly webhook: WebhookAnswer }) {
  const path = `/api/v1/webhooks/${encodeURIComponent(webhook.id)}/deliveries`;
  return (
    <DeliverySection<WebhookDeliveryAnswer>
      title={`What came for ${webhook.name}`}
      path={`${path}?limit=50`}
      repeatPath={(id) => `${path}/${id}/redeliver`}
      empty="Nothing yet."
    >
      {(items, repeating) => (
        <Table label="Deliveries" columns={['When', 'Pushed', 'Outcome', 'From', { head: 'Repeat', isUnseen: true }]}>
          {items.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} repeating={repeating} />
          ))}
        </Table>
      )}
    </DeliverySection>
  );
}

interface DeliveryRowProps {
  readonly delivery: WebhookDeliveryAnswer;
  readonly repeating: Repeating;
}

function DeliveryRow({ delivery, repeating: { isBusy, ask } }: DeliveryRowProps) {
  const { id, receivedAt, events, state, attempts, message, results, address, requestedBy, repeats } = delivery;
  const pushed = events.map(describeEvent);
  return (
    <tr>
      <td className="soft">
        <RelativeTime at={receivedAt} />
      </td>
      <td>
        {pushed.length === 0 && <span className="faint">nothing that counts</span>}
        {pushed.map((each) => (
          <p key={each} className="mono pushed">
            {each}
          </p>
        ))}
      </td>
      <td className="outcome-cell">
        <Chip tone={tones[state]}>{state}</Chip>
        {attempts > 1 && <span className="small faint"> {attempts} attempts</span>}
        {message !== undefined && (results.length === 0 || state === 'failed') && (
          <p className="small why">{message}</p>
        )}
        {results.map((result) => (
          <Result key={`${result.kind} ${result.namespace}/${result.name}`} result={result} />
        ))}
      </td>
      <td className="small soft">{repeats === undefined ? address : `repeated by ${requestedBy}`}</td>
      <td className="number">
        {events.length > 0 && (
          <button type="button" className="button slim" aria-disabled={isBusy} onClick={() => ask(id)}>
            Repeat<span className="unseen"> {pushed.join(', ')}</span>
          </button>
        )}
      </td>
    </tr>
  );
}

const outcomeWords: Readonly<Record<WebhookResultAnswer['outcome'], string>> = {
  released: 'released',
  applied: 'applied',
  unchanged: 'as it was',
  removed: 'removed, as no longer in the directory',
  left: 'no longer in the directory, and left',
  passedOver: 'passed over',
  failed: 'failed',
};

function Result({ result }: { readonly result: WebhookResultAnswer }) {
  const { kind, namespace, name, outcome, message, version, release } = result;
  return (
    <p className={outcome === 'failed' ? 'small why bad-text' : 'small why soft'}>
      {kind} {namespace}/{name}: {outcomeWords[outcome]}{' '}
      {release !== undefined ? (
        <Link to={formatPlace({ page: 'release', namespace, name: release })}>
          <Version>{version ?? release}</Version>
        </Link>
      ) : (
        version !== undefined && <Version>{version}</Version>
      )}
      {message !== undefined && ` (${message})`}
    </p>
  );
}
