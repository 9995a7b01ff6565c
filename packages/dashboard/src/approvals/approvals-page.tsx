import { PageHead } from '../parts/page-head.tsx';
import { Empty, Skeleton, Version } from '../parts/small.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useFleet } from '../session/desk.ts';
import { keyOf } from '../state/application-frames.ts';
import { ApprovalButtons } from './approval-buttons.tsx';
import { awaitsApproval } from './awaited.ts';

/** Releases that wait for somebody who agrees. */
export function ApprovalsPage() {
  const { applications, after } = useFleet();
  const waiting = [...applications.values()].filter(awaitsApproval);
  return (
    <>
      <PageHead title="Approvals" />
      {after === undefined ? (
        <Skeleton height={160} />
      ) : waiting.length === 0 ? (
        <Empty>
          <p>No release waits for an approval.</p>
        </Empty>
      ) : (
        <ul className="card list">
          {waiting.map(({ namespace, name, serving, candidate, conditions }) => (
            <li key={keyOf({ namespace, name })} className="row wrap">
              <div>
                <p>
                  <Link to={formatPlace({ page: 'application', namespace, name })}>{name}</Link>{' '}
                  <span className="small faint">{namespace}</span>
                </p>
                <p className="small soft">
                  {serving !== undefined && (
                    <>
                      <Version>{serving.version}</Version> →{' '}
                    </>
                  )}
                  <Link to={formatPlace({ page: 'release', namespace, name: candidate?.release ?? '' })}>
                    <Version>{candidate?.version ?? ''}</Version>
                  </Link>
                  <Begun at={conditions.find(({ type }) => type === 'Progressing')?.since} />
                </p>
              </div>
              <span className="row wrap push">
                <ApprovalButtons
                  namespace={namespace}
                  release={candidate?.release ?? ''}
                  waitingFor={candidate?.waitingFor}
                />
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Begun({ at }: { readonly at: string | undefined }) {
  if (at === undefined) return null;
  return (
    <>
      {', begun '}
      <RelativeTime at={at} />
    </>
  );
}
