import { useState } from 'react';
import { releasePhases } from '@slipway/delivery/api/release';
import type { ReleaseSummary } from '../api/answers.ts';
import { withQuery } from '../api/client.ts';
import { describePhase } from '../parts/tones.ts';
import { More } from '../parts/more.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ShowNewer } from '../parts/show-newer.tsx';
import { Empty, ProblemNotice, Skeleton } from '../parts/small.tsx';
import { go, useLocation } from '../routing/navigation.tsx';
import { useFleet } from '../session/desk.ts';
import { usePages } from '../state/use-pages.ts';
import { ReleaseTable } from './release-table.tsx';

const pageSize = 50;

/** Every release that the server remembers, newest first; two of one application can be compared. */
export function HistoryPage() {
  const { query } = useLocation();
  const { applications } = useFleet();
  const asked = {
    namespace: query.get('namespace') ?? '',
    application: query.get('application') ?? '',
    phase: query.get('phase') ?? '',
  };
  // Another address, such as the one before, names another one: the field follows, and keeps the keyboard.
  const [typed, setTyped] = useState(asked.application);
  const [followed, setFollowed] = useState(asked.application);
  if (followed !== asked.application) {
    setFollowed(asked.application);
    setTyped(asked.application);
  }
  const namespaces = [...new Set([...applications.values()].map(({ namespace }) => namespace))].toSorted();
  const choose = (part: Partial<typeof asked>): void =>
    go(withQuery('/history', { ...asked, ...part }), { replace: true });
  return (
    <>
      <PageHead title="History" />
      <div className="filters" role="search">
        <select
          className="input"
          aria-label="Namespace"
          value={asked.namespace}
          onChange={({ target }) => choose({ namespace: target.value, application: '' })}
        >
          <option value="">All namespaces</option>
          {[...new Set([...namespaces, asked.namespace])]
            .filter((each) => each !== '')
            .map((each) => (
              <option key={each}>{each}</option>
            ))}
        </select>
        <input
          type="search"
          className="input"
          aria-label="Application"
          placeholder="Name of an application"
          list="applications"
          value={typed}
          onChange={({ target, nativeEvent }) => {
            setTyped(target.value);
            // A choice from the list, or the end of a search: not each letter.
            if (!(nativeEvent instanceof InputEvent) || target.value === '') choose({ application: target.value });
          }}
          onKeyDown={({ key, currentTarget }) => {
            if (key === 'Enter') choose({ application: currentTarget.value.trim() });
          }}
        />
        <datalist id="applications">
          {[...new Set([...applications.values()].map(({ name }) => name))].map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <select
          className="input"
          aria-label="State"
          value={asked.phase}
          onChange={({ target }) => choose({ phase: target.value })}
        >
          <option value="">All states</option>
          {releasePhases.map((each) => (
            <option key={each} value={each}>
              {describePhase(each)}
            </option>
          ))}
        </select>
      </div>
      <Releases key={withQuery('', asked)} path={withQuery('/api/v1/releases', { ...asked, limit: pageSize })} />
    </>
  );
}

function Releases({ path }: { readonly path: string }) {
  const { applications } = useFleet();
  const { items: releases, problem, readOn } = usePages<ReleaseSummary>(path, { news: applications });
  const [chosen, setChosen] = useState<readonly ReleaseSummary[]>([]);
  const [newest, setNewest] = useState<string>();
  if (newest === undefined && releases?.[0] !== undefined) setNewest(releases[0].uid);
  if (releases === undefined)
    return problem === undefined ? <Skeleton height={420} /> : <ProblemNotice problem={problem} />;
  if (releases.length === 0)
    return (
      <Empty>
        <p>No release is like this.</p>
      </Empty>
    );
  // What came since would push away what somebody reads: it waits until he wants it.
  const newer = Math.max(
    0,
    releases.findIndex(({ uid }) => uid === newest),
  );
  return (
    <>
      <div className="compare-line">
        <CompareBar chosen={chosen} onClear={() => setChosen([])} />
        <ShowNewer newer={newer} showAll={() => setNewest(releases[0]?.uid)} />
      </div>
      <section className="card" aria-label="Releases">
        <ReleaseTable
          releases={releases.slice(newer)}
          chosen={chosen.map(({ uid }) => uid)}
          onChoose={(release) => setChosen(toggle(chosen, release))}
        />
        <More readOn={readOn} />
      </section>
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </>
  );
}

/** Two at most, of one application: the one that was chosen first makes room. */
function toggle(chosen: readonly ReleaseSummary[], release: ReleaseSummary): readonly ReleaseSummary[] {
  if (chosen.some(({ uid }) => uid === release.uid)) return chosen.filter(({ uid }) => uid !== release.uid);
  const others = chosen.filter(
    ({ namespace, application }) => namespace === release.namespace && application === release.application,
  );
  return [...others.slice(-1), release];
}

function CompareBar({ chosen, onClear }: { readonly chosen: readonly ReleaseSummary[]; readonly onClear: () => void }) {
  const [one, other] = chosen.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
  return (
    <div className="row wrap compare-bar small soft" role="status">
      {one === undefined ? (
        'Tick two releases of an application to compare them.'
      ) : other === undefined ? (
        <>
          {one.application} {one.version} and …: tick another one.
        </>
      ) : (
        <>
          <button
            type="button"
            className="button slim primary"
            onClick={() =>
              go(
                withQuery('/compare', {
                  namespace: one.namespace,
                  application: one.application,
                  from: one.version,
                  to: other.version,
                }),
              )
            }
          >
            Compare {one.version} with {other.version}
          </button>
          <button type="button" className="button slim plain" onClick={onClear}>
            Clear
          </button>
        </>
      )}
    </div>
  );
}
