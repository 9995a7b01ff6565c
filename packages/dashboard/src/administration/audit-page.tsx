import { useState } from 'react';
import type { AuditAnswer, Page } from '../api/answers.ts';
import { Chip, ProblemNotice, Skeleton } from '../parts/small.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { useDesk } from '../session/desk.ts';
import { useResource } from '../state/use-resource.ts';

const path = '/api/v1/audit?limit=100';

/** Who changed what, and what came of it. */
export function AuditPage() {
  const { client } = useDesk();
  const first = useResource<Page<AuditAnswer>>(path);
  const [older, setOlder] = useState<Page<AuditAnswer>>();
  const [problem, setProblem] = useState<unknown>();
  const records = [...(first.data?.items ?? []), ...(older?.items ?? [])];
  const next = older === undefined ? first.data?.next : older.next;
  const readOn = async (): Promise<void> => {
    try {
      const page = await client.get<Page<AuditAnswer>>(`${path}&cursor=${next ?? ''}`);
      setOlder({ items: [...(older?.items ?? []), ...page.items], next: page.next });
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Audit</h1>
      </div>
      {first.data === undefined && first.problem === undefined && <Skeleton height={420} />}
      {first.problem !== undefined && <ProblemNotice problem={first.problem} />}
      {records.length > 0 && (
        <section className="card" aria-label="Audit">
          <div className="scroll-x" tabIndex={0} role="region" aria-label="What was asked">
            <table className="table">
              <thead>
                <tr>
                  <th>When</th>
                  <th>Who</th>
                  <th>Asked for</th>
                  <th>Of</th>
                  <th>Answer</th>
                  <th>With</th>
                </tr>
              </thead>
              <tbody>
                {records.map((record) => (
                  <Row key={record.id} record={record} />
                ))}
              </tbody>
            </table>
          </div>
          {next !== undefined && (
            <div className="more">
              <button type="button" className="button plain slim" onClick={() => void readOn()}>
                Show older ones
              </button>
            </div>
          )}
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
      </td>
      <td>
        <details>
          <summary className="small soft">Details</summary>
          <pre className="details">{JSON.stringify(details, undefined, 2)}</pre>
        </details>
      </td>
    </tr>
  );
}
