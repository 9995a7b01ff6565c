import { Fragment } from 'react';
import type { ApplicationAnswer, ReleaseAnswer } from '../api/answers.ts';
import { PhaseChip, Version } from '../parts/small.tsx';
import { Duration, RelativeTime } from '../parts/relative-time.tsx';
import { Words } from '../parts/words.tsx';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { ApprovalButtons } from '../approvals/approval-buttons.tsx';
import { Gates } from './gates.tsx';
import { StageChart } from './stage-chart.tsx';
import { findStage, planStages } from './stages.ts';
import { isFinished } from './verbs.ts';

export interface RunningReleaseProps {
  readonly release: ReleaseAnswer;
  readonly preview: ApplicationAnswer['preview'];
}

/** The release under way, or the end of one: where it is, what it waits for, where it can be seen, and what was measured. */
export function RunningRelease({ release, preview }: RunningReleaseProps) {
  const { namespace, name, version, phase, status, requestedBy, createdAt } = release;
  return (
    <section className="card" aria-labelledby="running">
      <header>
        <h2 id="running">
          Release of <Version>{version}</Version>
        </h2>
        <PhaseChip phase={phase} />
        <span className="small soft">
          <RelativeTime at={status?.startedAt ?? createdAt} />
          {requestedBy !== undefined && ` by ${requestedBy}`}
        </span>
        <Link className="push small" to={formatPlace({ page: 'release', namespace, name })}>
          Timeline and log
        </Link>
      </header>
      <div className="inside stack">
        <WaitingFor release={release} />
        {preview !== undefined && <Preview preview={preview} />}
        <ReleaseStages release={release} />
        <Gates release={release} />
      </div>
    </section>
  );
}

function describeCourse({ phase, status }: ReleaseAnswer): string {
  return isFinished(phase) ? (status?.ending?.reason ?? 'It has ended.') : 'It goes on.';
}

/** Where nobody else gets to yet. */
function Preview({ preview: { version, urls } }: { readonly preview: NonNullable<ApplicationAnswer['preview']> }) {
  return (
    <p>
      Version {version} can be seen before that at{' '}
      {urls.map((url, index) => (
        <Fragment key={url}>
          {index > 0 && ', '}
          <PreviewLink url={new URL(url)} />
        </Fragment>
      ))}
    </p>
  );
}

/** Of a star, which no address has, only its name. */
function PreviewLink({ url: { host, href } }: { readonly url: URL }) {
  if (host.startsWith('*')) return <code>{host}</code>;
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {host}
    </a>
  );
}

function WaitingFor({ release }: { readonly release: ReleaseAnswer }) {
  const { waitingFor, waitingSince } = isFinished(release.phase) ? {} : (release.status ?? {});
  return (
    <div className="row wrap waiting">
      <p>
        <Words text={waitingFor === undefined ? describeCourse(release) : `Waits for ${waitingFor}`} />
      </p>
      {waitingSince !== undefined && (
        <span className="small faint">
          <Duration from={waitingSince} />
        </span>
      )}
      <ApprovalButtons namespace={release.namespace} release={release.name} waitingFor={waitingFor} />
    </div>
  );
}

export function ReleaseStages({ release: { spec, status, phase } }: { readonly release: ReleaseAnswer }) {
  const stages = planStages(spec);
  const hasFailed = phase === 'RollingBack' || phase === 'RolledBack' || phase === 'Failed';
  return <StageChart stages={stages} current={findStage(stages, spec.strategy, status)} hasFailed={hasFailed} />;
}
