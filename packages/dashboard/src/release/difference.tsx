import type { Change, DifferenceAnswer } from '../api/answers.ts';
import { pathOf, withQuery } from '../api/client.ts';
import { ProblemNotice, Skeleton } from '../parts/small.tsx';
import { useResource } from '../state/use-resource.ts';

export interface DifferenceProps {
  readonly namespace: string;
  readonly application: string;
  readonly from: string;
  readonly to: string;
}

/** What two versions differ in, field by field. */
export function Difference({ namespace, application, from, to }: DifferenceProps) {
  const path = withQuery(pathOf(namespace, 'applications', application, 'difference'), { from, to });
  const { data, problem } = useResource<DifferenceAnswer>(path);
  if (problem !== undefined) return <ProblemNotice problem={problem} />;
  if (data === undefined) return <Skeleton height={120} />;
  return (
    <div className="stack">
      {data.changes.length === 0 ? (
        <p className="soft">They are the same.</p>
      ) : (
        <ul className="changes">
          {data.changes.map((change) => (
            <ChangeItem key={`${change.part} ${change.field}`} change={change} />
          ))}
        </ul>
      )}
      {data.unknown.length > 0 && (
        <p className="small soft">
          Not compared, because it is gone or may not be read: <span className="mono">{data.unknown.join(', ')}</span>
        </p>
      )}
    </div>
  );
}

function ChangeItem({ change: { part, field, type, before, after } }: { readonly change: Change }) {
  return (
    <li>
      <p className="field-name">
        <span className="faint">{part}</span> <code>{field === '' ? 'all of it' : field}</code>
        <span className="unseen">: {type}</span>
      </p>
      {before === undefined && after === undefined && <p className="small soft">{type}; its value is secret</p>}
      {before !== undefined && (
        <pre className="was">
          <span aria-hidden="true">− </span>
          <span className="unseen">before: </span>
          {before}
        </pre>
      )}
      {after !== undefined && (
        <pre className="is">
          <span aria-hidden="true">+ </span>
          <span className="unseen">after: </span>
          {after}
        </pre>
      )}
    </li>
  );
}
