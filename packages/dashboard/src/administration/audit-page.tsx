import type { AuditAnswer } from '../api/answers.ts';
import { More } from '../parts/more.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Table } from '../parts/table.tsx';
import { Chip, ProblemNotice, Skeleton } from '../parts/small.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { usePages } from '../state/use-pages.ts';

/** Who changed what, and what came of it. */
export function AuditPage() {
  const { items, problem, readOn } = usePages<AuditAnswer>('/api/v1/audit?limit=100');
  const records = items ?? [];
  return (
    <>
      <PageHead title="Audit" />
      {items === undefined && problem === undefined && <Skeleton height={420} />}
      {records.length > 0 && (
        <section className="card" aria-label="Audit">
          <Table label="What was asked" columns={['When', 'Who', 'Asked for', 'Of', 'Answer', 'With']}>
            {records.map((record) => (
              <Row key={record.id} record={record} />
            ))}
          </Table>
          <More readOn={readOn} />
        </section>
      )}
      {problem !== undefined && <ProblemNotice problem={problem} />}
    </>
  );
}

function Row({ record }: { readonly record: AuditAnswer }) {
  const { at, principal, address, action, namespace, subject, outcome, details } = record;
  const status = Number(outcome);
  return (
    <tr>
      <td className="soft">
        <RelativeTime at={at} />
      </td>
      <td title={`from ${address}`}>{principal}</td>
      <td className="mono small">{action.replace('/api/v1/', '')}</td>
      <td>
        {subject} <span className="small faint">{namespace}</span>
      </td>
      <td>
        <Chip tone={status >= 500 ? 'bad' : status >= 400 ? 'wait' : 'good'}>{outcome}</Chip>
        {typeof details['refusal'] === 'string' && <div className="small soft">{details['refusal']}</div>}
      </td>
      <td className="whole">
        <details>
          <summary className="small soft">Details</summary>
          <pre className="details">{JSON.stringify(details, undefined, 2)}</pre>
        </details>
      </td>
    </tr>
  );
}
