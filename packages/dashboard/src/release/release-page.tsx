import type { CommandOutcome } from '@slipway/delivery/api/release-command';
import { useState, type ReactNode } from 'react';
import type { List, MeasurementAnswer, Page, ReleaseAnswer, ReleaseSummary } from '../api/answers.ts';
import { pathOf, withQuery } from '../api/client.ts';
import type { CheckSlot } from '../application/gate-slots.ts';
import { Gates } from '../application/gates.tsx';
import { ReleaseStages } from '../application/running-release.tsx';
import { isFinished } from '../application/verbs.ts';
import { Chip, PhaseChip, ProblemNotice, Skeleton, Version } from '../parts/small.tsx';
import { Duration, RelativeTime } from '../parts/relative-time.tsx';
import { StateLine } from '../parts/state-line.tsx';
import { Words } from '../parts/words.tsx';
import { toneOfOutcome } from '../parts/tones.ts';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useSummary } from '../session/desk.ts';
import { useResource } from '../state/use-resource.ts';
import { Difference } from './difference.tsx';
import { listImages } from './images.ts';
import { describeRelease } from './release-words.ts';
import { LogView } from './log-view.tsx';
import { ReleaseAgain } from './release-again.tsx';
import { listMoments } from './timeline.ts';
import { Title } from '../parts/title.tsx';

export interface ReleasePageProps {
  readonly namespace: string;
  readonly name: string;
}

const lookMilliseconds = 3_000;

/** One release: how it went, what was said meanwhile, and what is new in it. */
export function ReleasePage({ namespace, name }: ReleasePageProps) {
  const path = pathOf(namespace, 'releases', name);
  const [application, setApplication] = useState<string>();
  const news = useSummary(namespace, application ?? '');
  const release = useResource<ReleaseAnswer>(path, {
    news,
    everyMilliseconds: lookMilliseconds,
    isLast: ({ phase }) => isFinished(phase) && news?.candidate?.release !== name,
  });
  if (release.data !== undefined && release.data.application !== application) setApplication(release.data.application);
  // Nobody is asked for parts of a release that is not there.
  const partOf = (part: string): string | undefined => (application === undefined ? undefined : `${path}/${part}`);
  const commands = useResource<List<CommandOutcome>>(partOf('commands'), { news });
  const measurements = useResource<List<MeasurementAnswer>>(partOf('measurements'), { news });
  const history = useResource<Page<ReleaseSummary>>(
    application === undefined ? undefined : withQuery('/api/v1/releases', { namespace, application, limit: 100 }),
  );
  if (release.data === undefined || [commands, measurements, history].some(isOpen))
    return (
      <>
        <Head namespace={namespace} name={name} />
        {release.problem === undefined ? <Skeleton height={420} /> : <ProblemNotice problem={release.problem} />}
      </>
    );
  return (
    <Shown
      release={release.data}
      commands={commands.data?.items ?? []}
      measurements={measurements.data?.items ?? []}
      before={findBefore(release.data, history.data?.items ?? [])}
    />
  );
}

function isOpen({ data, problem }: { readonly data?: unknown; readonly problem?: unknown }): boolean {
  return data === undefined && problem === undefined;
}

/** What served when it began, or the release before it where that is not known. */
function findBefore(
  { uid, status, createdAt }: ReleaseAnswer,
  history: readonly ReleaseSummary[],
): ReleaseSummary | undefined {
  const others = history.filter((each) => each.uid !== uid);
  return (
    others.find(({ name }) => name === status?.previous) ??
    others.find((each) => Date.parse(each.createdAt) < Date.parse(createdAt))
  );
}

interface ShownProps {
  readonly release: ReleaseAnswer;
  readonly commands: readonly CommandOutcome[];
  readonly measurements: readonly MeasurementAnswer[];
  readonly before: ReleaseSummary | undefined;
}

function Shown({ release, commands, measurements, before }: ShownProps) {
  const { namespace, name, application, version, phase } = release;
  return (
    <>
      <Head namespace={namespace} name={name} application={application}>
        <PhaseChip phase={phase} />
        <ReleaseAgain release={release} />
      </Head>
      <StateLine {...describeRelease(release)} />
      <section className="card" aria-labelledby="course">
        <header>
          <h2 id="course">Course</h2>
        </header>
        <div className="inside stack">
          <ReleaseStages release={release} />
          <Facts release={release} />
          <Gates release={release} measurementsOf={(slot) => measurementsOf(slot, measurements)} />
        </div>
      </section>
      <div className="columns">
        <Timeline release={release} commands={commands} />
        <Health release={release} />
      </div>
      <LogView namespace={namespace} name={name} />
      {before !== undefined && (
        <section className="card" aria-labelledby="difference">
          <header>
            <h2 id="difference">
              What is new since <Version>{before.version}</Version>
            </h2>
          </header>
          <div className="inside">
            <Difference namespace={namespace} application={application} from={before.version} to={version} />
          </div>
        </section>
      )}
    </>
  );
}

interface HeadProps {
  readonly namespace: string;
  readonly name: string;
  readonly application?: string;
  readonly children?: ReactNode;
}

function Head({ namespace, name, application, children }: HeadProps) {
  return (
    <div className="page-head">
      <div className="titles">
        <p className="crumbs">
          <Link to="/">Overview</Link> / {namespace}
          {application !== undefined && (
            <>
              {' / '}
              <Link to={formatPlace({ page: 'application', namespace, name: application })}>{application}</Link>
            </>
          )}
        </p>
        <div className="row wrap">
          <Title>{name}</Title>
          {children}
        </div>
      </div>
    </div>
  );
}

function Facts({ release }: { readonly release: ReleaseAnswer }) {
  const { requestedBy, createdAt, finishedAt, strategy, status, deletedAt } = release;
  return (
    <dl className="facts-row">
      <Fact name="Asked by">{requestedBy ?? 'a change of spec'}</Fact>
      <Fact name="Strategy">{strategy}</Fact>
      <Fact name="Begun">
        <RelativeTime at={createdAt} />
      </Fact>
      <Fact name={finishedAt === undefined ? 'Goes on for' : 'Took'}>
        <Duration from={status?.startedAt ?? createdAt} to={finishedAt} />
      </Fact>
      {listImages(release).map(({ container, images }) => (
        <Fact key={container} name={`Image of ${container}`}>
          <span className="mono small cut" title={images.join(' ')}>
            {images.map(shorten).join(' ')}
          </span>
        </Fact>
      ))}
      {deletedAt !== undefined && (
        <Fact name="Left the cluster">
          <RelativeTime at={deletedAt} />
        </Fact>
      )}
    </dl>
  );
}

/** A digest by its first digits, as everybody names it; all of it stands in the title. */
function shorten(image: string): string {
  return image.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, '$1…');
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** From the history: a Release itself keeps the last ones alone. */
function measurementsOf(
  { runs }: CheckSlot,
  measurements: readonly MeasurementAnswer[],
): readonly MeasurementAnswer[] | undefined {
  const all = measurements.filter(({ check, during, step, attempt }) =>
    runs.some((run) => run.name === check && run.during === during && run.step === step && run.attempt === attempt),
  );
  return all.length === 0 ? undefined : all;
}

function Timeline({ release, commands }: Pick<ShownProps, 'release' | 'commands'>) {
  return (
    <section className="card" aria-labelledby="timeline">
      <header>
        <h2 id="timeline">Timeline</h2>
      </header>
      <ol className="inside timeline">
        {listMoments(release, commands).map(({ at, title, detail, by, tone }) => (
          <li key={`${at} ${title}`} className={tone}>
            <p>
              {title}
              {by !== undefined && <span className="soft"> by {by}</span>}
            </p>
            <p className="small faint">
              <RelativeTime at={at} />
            </p>
            {detail !== undefined && detail !== '' && (
              <p className="small soft detail">
                <Words text={detail} />
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What each pod said of its health last. */
function Health({ release: { status, spec } }: { readonly release: ReleaseAnswer }) {
  const answers = status?.health ?? [];
  return (
    <section className="card" aria-labelledby="health">
      <header>
        <h2 id="health">Health</h2>
        {spec.healthCheck?.path !== undefined && <code className="small soft push">{spec.healthCheck.path}</code>}
      </header>
      {answers.length === 0 ? (
        <p className="inside soft">
          {spec.healthCheck === undefined
            ? 'Pods are not asked: the application has no health check.'
            : 'No pod has been asked yet.'}
        </p>
      ) : (
        <ul className="inside answers">
          {answers.map(({ pod, uid, outcome, code, answer, at }) => (
            <li key={uid}>
              <div className="row wrap">
                <span className="mono small">{pod}</span>
                <Chip tone={toneOfOutcome(outcome)}>{code === undefined ? outcome : `${outcome} (${code})`}</Chip>
                <span className="push small faint">
                  <RelativeTime at={at} />
                </span>
              </div>
              {answer !== '' && <pre>{answer}</pre>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
