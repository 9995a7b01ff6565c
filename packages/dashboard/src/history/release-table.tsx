import type { ReleaseSummary } from '../api/answers.ts';
import { PhaseChip, Version } from '../parts/small.tsx';
import { Table } from '../parts/table.tsx';
import { Why } from '../parts/why.tsx';
import { Duration, RelativeTime } from '../parts/relative-time.tsx';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';

export interface ReleaseTableProps {
  readonly releases: readonly ReleaseSummary[];
  /** All of one application: it is not named in each row. */
  readonly isOfOne?: boolean;
  /** Versions to be compared, with what chooses one. */
  readonly chosen?: readonly string[];
  readonly onChoose?: (release: ReleaseSummary) => void;
}

/** Releases with how they ended, and why. */
export function ReleaseTable({ releases, isOfOne = false, chosen = [], onChoose }: ReleaseTableProps) {
  if (releases.length === 0) return <p className="inside soft">None has been written down yet.</p>;
  return (
    <Table
      label="Releases"
      className="releases"
      columns={[
        ...(onChoose === undefined ? [] : [{ head: 'Compare', isUnseen: true }]),
        ...(isOfOne ? [] : ['Application']),
        'Version',
        'State',
        'Asked by',
        'Begun',
        { head: 'Took', isNumber: true },
      ]}
    >
      {releases.map((release) => (
        <tr key={release.uid}>
          {onChoose !== undefined && (
            <td>
              <input
                type="checkbox"
                aria-label={`Compare ${release.name}`}
                checked={chosen.includes(release.uid)}
                onChange={() => onChoose(release)}
              />
            </td>
          )}
          <Cells release={release} isOfOne={isOfOne} />
        </tr>
      ))}
    </Table>
  );
}

function Cells({ release, isOfOne }: { readonly release: ReleaseSummary; readonly isOfOne: boolean }) {
  const {
    namespace,
    name,
    application,
    version,
    phase,
    reason,
    strategy,
    requestedBy,
    createdAt,
    startedAt,
    finishedAt,
  } = release;
  return (
    <>
      {!isOfOne && (
        <td>
          <Link to={formatPlace({ page: 'application', namespace, name: application })}>{application}</Link>
          <p className="small faint">{namespace}</p>
        </td>
      )}
      <td>
        <Link to={formatPlace({ page: 'release', namespace, name })}>
          <Version>{version}</Version>
        </Link>
        <p className="small faint">{strategy}</p>
      </td>
      <td>
        <PhaseChip phase={phase} />
        <div className="small soft because">{reason !== undefined && <Why text={reason} />}</div>
      </td>
      <td className="soft short">{requestedBy}</td>
      <td className="soft">
        <RelativeTime at={createdAt} />
      </td>
      <td className="number soft">
        <Duration from={startedAt ?? createdAt} to={finishedAt} />
      </td>
    </>
  );
}
