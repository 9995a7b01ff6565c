import { useDeferredValue, useEffect, useMemo, useRef } from 'react';
import { PageHead } from '../parts/page-head.tsx';
import { Empty, Skeleton } from '../parts/small.tsx';
import { go, Link, useLocation } from '../routing/navigation.tsx';
import { useFleet } from '../session/desk.ts';
import { FleetTable } from './fleet-table.tsx';
import { selectApplications, states, type Overview, type Selection, type State } from './select.ts';

/** All applications, as they are now. */
export function OverviewPage() {
  const fleet = useFleet();
  const { query } = useLocation();
  const selection = useDeferredValue(readSelection(query));
  const overview = useMemo(
    () => selectApplications(fleet.applications.values(), selection),
    [fleet.applications, selection],
  );
  return (
    <>
      <PageHead title="Overview" />
      <Filters selection={readSelection(query)} overview={overview} />
      {fleet.after === undefined ? (
        <Skeleton height={400} />
      ) : fleet.applications.size === 0 ? (
        <Empty>
          <p>There is no application yet.</p>
          <Link to="/new" className="button primary">
            Create the first one
          </Link>
        </Empty>
      ) : overview.shown.length === 0 ? (
        <Empty>
          <p>None of {fleet.applications.size} applications is like this.</p>
          <Link to="/" className="button">
            Show all
          </Link>
        </Empty>
      ) : (
        <FleetTable applications={overview.shown} />
      )}
    </>
  );
}

function readSelection(query: URLSearchParams): Selection {
  const state = query.get('state');
  return {
    search: query.get('search') ?? '',
    namespace: query.get('namespace') ?? undefined,
    state: states.find((each) => each === state),
  };
}

const stateWords: Readonly<Record<State, string>> = {
  releasing: 'Releasing',
  person: 'Waiting for a person',
  failed: 'Failed',
  settled: 'Settled',
};

/** In the address, so that a look can be shared, and the way back leads to it. */
function Filters({ selection, overview }: { readonly selection: Selection; readonly overview: Overview }) {
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const find = (event: KeyboardEvent): void => {
      if (event.key !== '/' || isWriting(event.target)) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener('keydown', find);
    return () => removeEventListener('keydown', find);
  }, []);
  const choose = (part: Partial<Selection>): void => {
    const chosen = Object.entries({ ...selection, ...part }).filter(([, value]) => value !== undefined && value !== '');
    const words = new URLSearchParams(chosen.map(([name, value]) => [name, String(value)])).toString();
    go(words === '' ? '/' : `/?${words}`, { replace: true });
  };
  return (
    <div className="filters" role="search">
      <input
        ref={search}
        type="search"
        className="input"
        placeholder="Search names and hosts"
        aria-label="Search names and hosts"
        aria-keyshortcuts="/"
        value={selection.search}
        onChange={({ target }) => choose({ search: target.value })}
      />
      <select
        className="input"
        aria-label="Namespace"
        value={selection.namespace ?? ''}
        onChange={({ target }) => choose({ namespace: target.value })}
      >
        <option value="">All namespaces</option>
        {overview.namespaces.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <div className="states" role="group" aria-label="State">
        <button type="button" aria-pressed={selection.state === undefined} onClick={() => choose({ state: undefined })}>
          All <b>{overview.total}</b>
        </button>
        {states.map((state) => (
          <button key={state} type="button" aria-pressed={selection.state === state} onClick={() => choose({ state })}>
            {stateWords[state]} <b>{overview.counts[state]}</b>
          </button>
        ))}
      </div>
    </div>
  );
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}
