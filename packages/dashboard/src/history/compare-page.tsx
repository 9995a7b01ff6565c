import { useState } from 'react';
import type { ApplicationAnswer, CommandAnswer, List, Page, ReleaseSummary } from '../api/answers.ts';
import { pathOf, withQuery } from '../api/client.ts';
import { CommandDialog } from '../application/command-dialog.tsx';
import { Outcome } from '../application/outcome.tsx';
import { listReturns, offerReturn, type Offer } from '../application/verbs.ts';
import { Empty, Skeleton } from '../parts/small.tsx';
import { Difference } from '../release/difference.tsx';
import { go, Link, useLocation } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useDesk, useSummary } from '../session/desk.ts';
import { isOffered } from '../session/permissions.ts';
import { useResource } from '../state/use-resource.ts';
import { Title } from '../parts/title.tsx';

/** Any two versions of an application beside each other, and the way back to either. */
export function ComparePage() {
  const { query } = useLocation();
  const [namespace, application] = [query.get('namespace'), query.get('application')];
  if (namespace === null || application === null)
    return (
      <Empty>
        <Title>Compare</Title>
        <p>
          Which ones? <Link to="/history">Choose two releases in the history.</Link>
        </p>
      </Empty>
    );
  return (
    <Compared
      namespace={namespace}
      application={application}
      from={query.get('from') ?? undefined}
      to={query.get('to') ?? undefined}
    />
  );
}

interface ComparedProps {
  readonly namespace: string;
  readonly application: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

function Compared({ namespace, application, from, to }: ComparedProps) {
  const news = useSummary(namespace, application);
  const history = useResource<Page<ReleaseSummary>>(
    withQuery('/api/v1/releases', { namespace, application, limit: 200 }),
    { news },
  );
  // One that has been removed has a history, and nothing to go back with.
  const path = news === undefined ? undefined : pathOf(namespace, 'applications', application);
  const current = useResource<ApplicationAnswer>(path, { news });
  const known = useResource<List<string>>(pathOf(namespace, 'applications', application, 'versions'), { news });
  const releases = history.data?.items ?? [];
  const versions = [...new Set([...(known.data?.items ?? []), from, to])].filter((each) => each !== undefined);
  const [older, newer] = [from ?? versions[1], to ?? versions[0]];
  const choose = (part: { readonly from?: string; readonly to?: string }): void =>
    go(withQuery('/compare', { namespace, application, from: older, to: newer, ...part }), { replace: true });
  const returns = current.data === undefined ? [] : listReturns(current.data, releases).map(({ version }) => version);
  return (
    <>
      <div className="page-head">
        <div className="titles">
          <p className="crumbs">
            <Link to="/history">History</Link> / {namespace} /{' '}
            <Link to={formatPlace({ page: 'application', namespace, name: application })}>{application}</Link>
          </p>
          <Title>Compare versions</Title>
        </div>
        <Returns
          namespace={namespace}
          application={application}
          serving={current.data?.serving}
          versions={[older, newer].filter((each) => each !== undefined && returns.includes(each))}
        />
      </div>
      <div className="filters">
        <VersionSelect
          label="From"
          value={older}
          versions={versions}
          onChange={(version) => choose({ from: version })}
        />
        <VersionSelect label="To" value={newer} versions={versions} onChange={(version) => choose({ to: version })} />
        <button
          type="button"
          className="button plain"
          disabled={older === undefined || newer === undefined}
          onClick={() => choose({ from: newer ?? '', to: older ?? '' })}
        >
          Swap
        </button>
      </div>
      <section className="card" aria-label="Differences">
        <div className="inside">
          {older === undefined || newer === undefined ? (
            known.data === undefined ? (
              <Skeleton height={160} />
            ) : (
              <p className="soft">There is only one version to look at.</p>
            )
          ) : (
            <Difference namespace={namespace} application={application} from={older} to={newer} />
          )}
        </div>
      </section>
    </>
  );
}

interface VersionSelectProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly versions: readonly string[];
  readonly onChange: (version: string) => void;
}

function VersionSelect({ label, value, versions, onChange }: VersionSelectProps) {
  return (
    <label className="row">
      <span className="soft">{label}</span>
      <select className="input mono" value={value ?? ''} onChange={({ target }) => onChange(target.value)}>
        {value === undefined && <option value="">…</option>}
        {versions.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

interface ReturnsProps {
  readonly namespace: string;
  readonly application: string;
  readonly serving: ApplicationAnswer['serving'] | undefined;
  readonly versions: readonly (string | undefined)[];
}

function Returns({ namespace, application, serving, versions }: ReturnsProps) {
  const { session } = useDesk();
  const [asked, setAsked] = useState<Offer>();
  const [answer, setAnswer] = useState<CommandAnswer>();
  if (!isOffered(session, 'operate', namespace)) return null;
  return (
    <>
      <div className="actions">
        {versions.map((version) =>
          version === undefined ? null : (
            <button
              key={version}
              type="button"
              className="button danger"
              onClick={() => setAsked(offerReturn(serving, version))}
            >
              Roll back to {version}
            </button>
          ),
        )}
      </div>
      <div className="told">
        {answer !== undefined && <Outcome answer={answer} onClose={() => setAnswer(undefined)} />}
      </div>
      {asked !== undefined && (
        <CommandDialog
          namespace={namespace}
          application={application}
          offer={asked}
          onClose={(given) => {
            setAsked(undefined);
            setAnswer(given);
          }}
        />
      )}
    </>
  );
}
