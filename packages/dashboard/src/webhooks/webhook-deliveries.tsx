import type { WebhookAnswer, WebhookDeliveryAnswer, WebhookResultAnswer } from '../api/answers.ts';
import { More } from '../parts/more.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { Chip, Empty, ProblemNotice, Skeleton, Version } from '../parts/small.tsx';
import type { Tone } from '../parts/tones.ts';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useDesk } from '../session/desk.ts';
import { useAction } from '../state/use-action.ts';
import { usePages } from '../state/use-pages.ts';
import { describeEvent } from './webhook-form.ts';

const lookMilliseconds = 3_000;

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
  const { client } = useDesk();
  const path = `/api/v1/webhooks/${encodeURIComponent(webhook.id)}/deliveries`;
  const { items, problem, readOn, reload } = usePages<WebhookDeliveryAnswer>(`${path}?limit=50`, {
    everyMilliseconds: lookMilliseconds,
  });
  const repeat = useAction();
  const ask = (id: string): void =>
    repeat.run(async () => {
      await client.send('POST', `${path}/${encodeURIComponent(id)}/redeliver`);
      reload();
    });
  return (
    <section className="card" aria-labelledby="deliveries">
      <header>
        <h2 id="deliveries">What came for {webhook.name}</h2>
      </header>
      {problem !== undefined && <ProblemNotice problem={problem} />}
      {repeat.problem !== undefined && <ProblemNotice problem={repeat.problem} />}
      {items === undefined ? (
        problem === undefined && <Skeleton height={160} />
      ) : items.length === 0 ? (
        <Empty>
          <p>Nothing yet.</p>
        </Empty>
      ) : (
        <DeliveryTable deliveries={items} isBusy={repeat.isBusy} onRepeat={ask} />
      )}
      <More readOn={readOn} />
    </section>
  );
}

interface DeliveryTableProps {
  readonly deliveries: readonly WebhookDeliveryAnswer[];
  readonly isBusy: boolean;
  readonly onRepeat: (id: string) => void;
}

function DeliveryTable({ deliveries, isBusy, onRepeat }: DeliveryTableProps) {
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-labelledby="deliveries">
      <table className="table">
        <thead>
          <tr>
            <th>When</th>
            <th>Pushed</th>
            <th>Outcome</th>
            <th>From</th>
            <th>
              <span className="unseen">Repeat</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {deliveries.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} isBusy={isBusy} onRepeat={onRepeat} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface DeliveryRowProps extends Pick<DeliveryTableProps, 'isBusy' | 'onRepeat'> {
  readonly delivery: WebhookDeliveryAnswer;
}

function DeliveryRow({ delivery, isBusy, onRepeat }: DeliveryRowProps) {
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
          <button type="button" className="button slim" disabled={isBusy} onClick={() => onRepeat(id)}>
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
