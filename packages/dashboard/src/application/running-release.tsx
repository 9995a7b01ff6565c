import { Fragment, type ReactNode } from 'react';
import type { Strategy } from '@slipway/delivery/api/application';
import type { ReleaseStatus } from '@slipway/delivery/api/release';
import type { ApplicationAnswer, ReleaseAnswer } from '../api/answers.ts';
import { PhaseChip, Version } from '../parts/small.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { StillBox } from '../parts/still-box.tsx';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import type { SlotsInput } from './gate-slots.ts';
import { Gates } from './gates.tsx';
import { StageChart } from './stage-chart.tsx';
import { findStage, planStages, type StagePlan } from './stages.ts';

export interface RunningReleaseProps {
  readonly release: ReleaseAnswer;
  /** The history knows it no more: this is how it was. */
  readonly isGone: boolean;
  readonly preview: ApplicationAnswer['preview'];
}

/** The release under way, or the last one: where it is, where it can be seen, and what was measured. */
export function RunningRelease({ release, isGone, preview }: RunningReleaseProps) {
  const { namespace, name, version, phase, status, requestedBy, createdAt, spec } = release;
  return (
    <ReleaseCard of={name} version={version} phase={phase} plan={spec} status={status} preview={preview}>
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
    </ReleaseCard>
  );
}

/** The first one, until it is there: in the place that it will have. */
export function PlannedRelease({ spec }: Pick<ApplicationAnswer, 'spec'>) {
  const { version = nextVersion, strategy = defaultStrategy } = spec;
  return (
    <ReleaseCard of="" version={version === nextVersion ? '1' : version} phase="Pending" plan={{ ...spec, strategy }}>
      <span className="small soft cut">It has not begun.</span>
    </ReleaseCard>
  );
}

const nextVersion = '#';
const defaultStrategy: Strategy = { type: 'rolling' };

interface ReleaseCardProps {
  /** Name of the release. */
  readonly of: string;
  readonly version: string;
  readonly phase: string;
  readonly plan: SlotsInput['spec'];
  readonly status?: ReleaseStatus | undefined;
  readonly preview?: ApplicationAnswer['preview'];
  /** Behind its name. */
  readonly children: ReactNode;
}

function ReleaseCard({ of, version, phase, plan, status, preview, children }: ReleaseCardProps) {
  const previewHosts = plan.strategy.blueGreen?.previewHosts ?? [];
  return (
    <section className="card" aria-labelledby="running">
      <header className="running">
        <h2 id="running">
          Release of <Version>{version}</Version>
        </h2>
        <span className="phase">
          <PhaseChip phase={phase} />
        </span>
        {children}
      </header>
      <StillBox shows={of} className="inside stack">
        {previewHosts.length > 0 && <Preview preview={preview} hosts={previewHosts} />}
        <ReleaseStages release={{ spec: plan, status, phase }} />
        <Gates release={{ spec: plan, status, phase }} />
      </StillBox>
    </section>
  );
}

interface PreviewProps {
  readonly preview: ApplicationAnswer['preview'];
  readonly hosts: readonly string[];
}

/** Where nobody else gets to yet: in as many lines whether somebody can look there now or not. */
function Preview({ preview, hosts }: PreviewProps) {
  const what = preview === undefined ? 'a version' : `version ${preview.version}`;
  const places =
    preview === undefined ? hosts : preview.urls.map((url) => <PreviewLink key={url} url={new URL(url)} />);
  return (
    <div>
      <p className="soft cut">Before its promotion, {what} is at</p>
      <p>
        {places.map((place, index) => (
          <Fragment key={index}>
            {index > 0 && ', '}
            {place}
          </Fragment>
        ))}
      </p>
    </div>
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

export interface ReleaseStagesProps {
  readonly release: {
    readonly spec: StagePlan;
    readonly status?: ReleaseStatus | undefined;
    readonly phase: string;
  };
}

export function ReleaseStages({ release: { spec, status, phase } }: ReleaseStagesProps) {
  const stages = planStages(spec);
  const hasFailed = phase === 'RollingBack' || phase === 'RolledBack' || phase === 'Failed';
  return <StageChart stages={stages} current={findStage(stages, spec.strategy, status)} hasFailed={hasFailed} />;
}
