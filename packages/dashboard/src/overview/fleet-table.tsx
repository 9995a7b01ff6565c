import { memo, useState, type FocusEvent, type KeyboardEvent } from 'react';
import type { ApplicationSummary, Traffic } from '../api/answers.ts';
import { describeShares, formatPercent, shareOut } from '../parts/shares.ts';
import { PhaseChip, Version } from '../parts/small.tsx';
import { SplitBar } from '../parts/split-bar.tsx';
import { useMedia } from '../parts/use-media.ts';
import { useWindowRows } from '../parts/use-window-rows.ts';
import { listRows } from '../parts/window-rows.ts';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { keyOf } from '../state/application-frames.ts';
import { formatLatency, formatRate } from '../application/traffic-picture-model.ts';
import { FigureCell } from './figure-cell.tsx';
import { failureOf, refusalOf, shownPhase } from './select.ts';
import { calculateFigures } from './traffic-figures.ts';
import { useTraffic } from './use-traffic.ts';
import { Why } from '../parts/why.tsx';

const rowHeights = { wide: 64, narrow: 186 } as const;

/** A row for each application; of a long list those in sight. */
export function FleetTable({ applications }: { readonly applications: readonly ApplicationSummary[] }) {
  const rowHeight = useMedia('(max-width: 1000px)') ? rowHeights.narrow : rowHeights.wide;
  const { range, ref } = useWindowRows(applications.length, rowHeight);
  const [held, setHeld] = useState<string>();
  const rows = listRows({
    count: applications.length,
    range,
    held: applications.findIndex((each) => keyOf(each) === held),
  });
  const drawn = rows.flatMap((row) => applications.slice(row, row + 1));
  const traffic = useTraffic(drawn.filter(({ hosts }) => hosts.length > 0).map(keyOf));
  const hold = ({ target }: FocusEvent<HTMLElement>): void => {
    const application = applications[rowOf(target)];
    setHeld(application && keyOf(application));
  };
  return (
    <div className="card fleet" role="table" aria-label="Applications" aria-rowcount={applications.length + 1}>
      <div role="rowgroup">
        <div className="head" role="row" aria-rowindex={1}>
          <span role="columnheader">Application</span>
          <span role="columnheader">Version</span>
          <span role="columnheader">Traffic</span>
          <span role="columnheader" className="number">
            Pods
          </span>
          <span role="columnheader" className="metric">
            Req/s
          </span>
          <span role="columnheader" className="metric">
            Errors
          </span>
          <span role="columnheader" className="metric">
            p95
          </span>
          <span role="columnheader">State</span>
        </div>
      </div>
      <div
        role="rowgroup"
        className="body"
        ref={ref}
        style={{ height: applications.length * rowHeight }}
        onKeyDown={moveBetweenRows}
        onFocus={hold}
        onBlur={() => setHeld(undefined)}
      >
        {drawn.map((application, place) => (
          <Row
            key={keyOf(application)}
            application={application}
            traffic={traffic.get(keyOf(application))}
            index={rows[place] ?? 0}
            top={(rows[place] ?? 0) * rowHeight}
            height={rowHeight}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  readonly application: ApplicationSummary;
  readonly traffic: Traffic | undefined;
  readonly index: number;
  readonly top: number;
  readonly height: number;
}

const Row = memo(function Row({ application, traffic, index, top, height }: RowProps) {
  const { namespace, name, serving, candidate, split, replicas, waitingFor } = application;
  const failure = failureOf(application);
  const why = failure ?? refusalOf(application) ?? (waitingFor === undefined ? undefined : `waits for ${waitingFor}`);
  const shares = shareOut(split, candidate?.version);
  return (
    <div className="application" role="row" aria-rowindex={index + 2} style={{ top, height }}>
      <div className="cell name" role="cell">
        <div className="cut">
          <Link to={formatPlace({ page: 'application', namespace, name })}>{name}</Link>
        </div>
        <div className="cut small faint">{namespace}</div>
      </div>
      <div className="cell versions cut" role="cell">
        {serving === undefined ? <span className="faint">none yet</span> : <Version>{serving.version}</Version>}
        {candidate !== undefined && candidate.version !== serving?.version && (
          <>
            <span className="arrow"> → </span>
            <Version>{candidate.version}</Version>
          </>
        )}
      </div>
      <div className="cell split" role="cell">
        <SplitBar split={split} candidate={candidate?.version} />
        {shares.length > 1 && (
          <div className="shares" aria-hidden="true" title={describeShares(shares)}>
            <span>{formatPercent(shares[0]?.percent ?? 0)}</span>
            <span>{formatPercent(shares.at(-1)?.percent ?? 0)}</span>
          </div>
        )}
      </div>
      <div className="cell replicas number" role="cell">
        <span aria-label={`${replicas.ready} of ${replicas.desired} pods ready`}>
          {replicas.ready}/{replicas.desired}
        </span>
      </div>
      <Figures traffic={traffic} />
      <div className={failure === undefined ? 'cell state' : 'cell state bad'} role="cell">
        <PhaseChip phase={shownPhase(application)} />
        {why !== undefined && <Why text={why} />}
      </div>
    </div>
  );
});

function Figures({ traffic }: { readonly traffic: Traffic | undefined }) {
  const figures = traffic && calculateFigures(traffic);
  const share = figures?.errors.at(-1)?.value ?? 0;
  return (
    <>
      <FigureCell name="Requests a second" head="req/s" points={figures?.rate} format={formatRate} least={1} />
      <FigureCell
        name="Errors"
        head="errors"
        points={figures?.errors}
        format={(value) => `${(value * 100).toFixed(1)} %`}
        least={0.02}
        isBad={share > 0}
      />
      <FigureCell
        name="Latency, 95th percentile"
        head="p95"
        points={figures?.latency}
        format={formatLatency}
        least={0.05}
      />
    </>
  );
}

/** Up and down, as in every list. */
function moveBetweenRows(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>('.name a')];
  const here = rowOf(document.activeElement);
  // Of one that has been scrolled away from, the next one may not be drawn: it comes back into sight itself.
  const next = links.find((link) => rowOf(link) === here + step) ?? document.activeElement;
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
}

/** From 0 on; below that outside of all rows. */
function rowOf(element: Element | null): number {
  return Number(element?.closest('[role=row]')?.ariaRowIndex ?? 0) - 2;
}
