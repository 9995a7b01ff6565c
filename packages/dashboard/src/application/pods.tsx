import { useRef, useState } from 'react';
import type { ListedPod, PodsAnswer, PodState } from '../api/answers.ts';
import { withQuery } from '../api/client.ts';
import { ProblemNotice, Chip, Version } from '../parts/small.tsx';
import { Table } from '../parts/table.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import type { Placed } from '../parts/places.ts';
import type { Tone } from '../parts/tones.ts';
import { useStillPlaces } from '../parts/use-still.ts';
import { Why } from '../parts/why.tsx';
import { useResource } from '../state/use-resource.ts';
import { everything, hasFilters, isEveryPod, isFirstPage, podsAtOnce, type Selection } from './pod-selection.ts';

export interface PodsProps {
  /** Of the application. */
  readonly path: string;
  /** The first page, as the picture shows it. */
  readonly first: PodsAnswer;
  /** That are wanted of each version. */
  readonly replicas: number;
}

const tones: Readonly<Record<PodState, Tone>> = {
  serving: 'good',
  ready: 'good',
  starting: 'busy',
  failing: 'bad',
  ending: 'calm',
};
const states = ['failing', 'starting', 'ending', 'ready', 'serving'] as const;
const columns = ['Pod', 'Version', 'State', { head: 'Restarts', isNumber: true }, 'Node', 'Address', 'Created'];
const lookMilliseconds = 3_000;

/** Two versions side by side have their places before they come, as far as they are few: of many, half a table would be empty. */
const mostKeptFree = 6;

/** Its pods: those that are not well first, each with why; of many a page, and the way to any. */
export function Pods({ path, first, replicas }: PodsProps) {
  const [selection, setSelection] = useState(everything);
  const { search, state, cursors } = selection;
  const isFirst = isFirstPage(selection);
  const other = useResource<PodsAnswer>(
    isFirst ? undefined : withQuery(`${path}/pods`, { limit: podsAtOnce, search, state, cursor: cursors.at(-1) }),
    { everyMilliseconds: lookMilliseconds },
  );
  // What is looked at stays until the next page is there: nothing jumps.
  const last = useRef(first);
  last.current = isFirst ? first : (other.data ?? last.current);
  const shown = last.current;
  const count = first.total;
  const isWhole = isEveryPod(selection, shown);
  const still = useStillPlaces(shown.items, isWhole, keyOf);
  const kept = isWhole ? Math.min(2 * replicas, mostKeptFree) : 0;
  return (
    <section ref={still.ref} className="card pods" aria-labelledby="pods">
      <header>
        <h2 id="pods">Pods</h2>
        <span className="small soft">{count}</span>
        {hasFilters(selection, count) && <Filters selection={selection} onSelect={setSelection} />}
      </header>
      {other.problem !== undefined && <ProblemNotice problem={other.problem} />}
      <Table label="Pods" columns={columns}>
        {still.shown.map((placed) => (
          <PodRow key={keyOf(placed.item)} {...placed} />
        ))}
        {Array.from({ length: kept - still.shown.length }, (_, index) => (
          <FreeRow key={still.shown.length + index} />
        ))}
      </Table>
      {(shown.next !== undefined || cursors.length > 0) && (
        <Pager selection={selection} shown={shown} onSelect={setSelection} />
      )}
    </section>
  );
}

interface SelectionProps {
  readonly selection: Selection;
  readonly onSelect: (selection: Selection) => void;
}

function Filters({ selection, onSelect }: SelectionProps) {
  return (
    <span className="row push pod-filters">
      <input
        type="search"
        className="input slim"
        aria-label="Search pods and nodes"
        placeholder="Search pods and nodes"
        value={selection.search}
        maxLength={100}
        onChange={({ target }) => onSelect({ ...selection, search: target.value, cursors: [] })}
      />
      <select
        className="input slim"
        aria-label="State of pods"
        value={selection.state}
        onChange={({ target }) => onSelect({ ...selection, state: target.value, cursors: [] })}
      >
        <option value="">All states</option>
        {states.map((state) => (
          <option key={state}>{state}</option>
        ))}
      </select>
    </span>
  );
}

function Pager({ selection, shown, onSelect }: SelectionProps & { readonly shown: PodsAnswer }) {
  const { cursors } = selection;
  const { next, items, total } = shown;
  const start = cursors.length * podsAtOnce;
  return (
    <div className="more row">
      <button
        type="button"
        className="button plain slim"
        aria-disabled={cursors.length === 0}
        onClick={() => onSelect({ ...selection, cursors: cursors.slice(0, -1) })}
      >
        Before
      </button>
      <span className="small soft" role="status">
        {start + 1} to {start + items.length} of {total}
      </span>
      <button
        type="button"
        className="button plain slim"
        aria-disabled={next === undefined}
        onClick={() => next !== undefined && onSelect({ ...selection, cursors: [...cursors, next] })}
      >
        After
      </button>
    </div>
  );
}

function PodRow({ item: pod, isGone }: Placed<ListedPod>) {
  const { name, version, hook, restarts, node, address, createdAt, reasons, ready, state } = pod;
  return (
    <tr className={isGone ? 'gone' : undefined}>
      <td className="mono">{name}</td>
      <td>{hook === undefined ? <Version>{version ?? ''}</Version> : <span className="soft">hook {hook}</span>}</td>
      <td>
        <div className="row">
          <Chip tone={isGone ? 'calm' : tones[state]}>{isGone ? 'gone' : state}</Chip>
          {!isGone && !ready && reasons.length > 0 && <Why text={reasons.join('; ')} />}
        </div>
      </td>
      <td className="number" data-head="restarts">
        {restarts}
      </td>
      <td className="soft">{node}</td>
      <td className="mono soft">{address}</td>
      <td className="soft">
        <RelativeTime at={createdAt} />
      </td>
    </tr>
  );
}

/** As high as any other. */
function FreeRow() {
  return (
    <tr className="free" aria-hidden>
      {columns.map((column, index) => (
        <td key={typeof column === 'string' ? column : column.head}>{index === 2 && <div className="row" />}</td>
      ))}
    </tr>
  );
}

function keyOf({ uid }: ListedPod): string {
  return uid;
}
