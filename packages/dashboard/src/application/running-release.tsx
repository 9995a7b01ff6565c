import { Fragment } from 'react';
import type { ApplicationAnswer, ReleaseAnswer } from '../api/answers.ts';
import { PhaseChip, Version } from '../parts/small.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { Gates } from './gates.tsx';
import { StageChart } from './stage-chart.tsx';
import { findStage, planStages } from './stages.ts';

export interface RunningReleaseProps {
  readonly release: ReleaseAnswer;
  /** The history knows it no more: this is how it was. */
  readonly isGone: boolean;
  readonly preview: ApplicationAnswer['preview'];
}

/** The release under way, or the last one: where it is, where it can be seen, and what was measured. */
export function RunningRelease({ release, isGone, preview }: RunningReleaseProps) {
  const { namespace, name, version, phase, status, requestedBy, createdAt, spec } = release;
  const previewHosts = spec.strategy.blueGreen?.previewHosts ?? [];
  return (
    <section className="card" aria-labelledby="running">
      <header className="running">
        <h2 id="running">
          Release of <Version>{version}</Version>
        </h2>
        <span className="phase">
          <PhaseChip phase={phase} />
        </span>
        {isGone ? (
          <span className="small soft cut" role="status">
            The history has it no more: this is how it was.
          </span>
        ) : (
          <>
            <span className="small soft cut">
              <RelativeTime at={status?.startedAt ?? createdAt} />
              {requestedBy !== undefined && ` by ${requestedBy}`}
            </span>
            <Link className="push small" to={formatPlace({ page: 'release', namespace, name })}>
              Timeline and log
            </Link>
          </>
        )}
      </header>
      <div className="inside stack">
        {previewHosts.length > 0 && <Preview preview={preview} hosts={previewHosts} />}
        <ReleaseStages release={release} />
        <Gates release={release} />
      </div>
    </section>
  );
}

interface PreviewProps {
  readonly preview: ApplicationAnswer['preview'];
  readonly hosts: readonly string[];
}

/** Where nobody else gets to yet. */
function Preview({ preview, hosts }: PreviewProps) {
  if (preview === undefined)
    return <p className="soft">A version that waits for its promotion can be seen before that at {hosts.join(', ')}</p>;
  return (
    <p>
      Version {preview.version} can be seen before that at{' '}
      {preview.urls.map((url, index) => (
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

export function ReleaseStages({ release: { spec, status, phase } }: { readonly release: ReleaseAnswer }) {
  const stages = planStages(spec);
  const hasFailed = phase === 'RollingBack' || phase === 'RolledBack' || phase === 'Failed';
  return <StageChart stages={stages} current={findStage(stages, spec.strategy, status)} hasFailed={hasFailed} />;
}
