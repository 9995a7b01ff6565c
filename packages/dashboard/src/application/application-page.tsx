import { useState, type ReactNode } from 'react';
import type { ApplicationRoute } from '@slipway/delivery/api/application';
import type {
  ApplicationAnswer,
  CommandAnswer,
  EventAnswer,
  List,
  Page,
  PodsAnswer,
  ReleaseAnswer,
  ReleaseSummary,
  Traffic,
  TrafficAnswer,
} from '../api/answers.ts';
import { pathOf, withQuery } from '../api/client.ts';
import { isMissing } from '../api/problem.ts';
import { shownPhase } from '../overview/select.ts';
import { useColours } from '../parts/given-colours.ts';
import { PhaseChip, ProblemNotice, Skeleton, Trouble } from '../parts/small.tsx';
import { StateLine } from '../parts/state-line.tsx';
import { ShowNewer } from '../parts/show-newer.tsx';
import { useSettled } from '../parts/use-settled.ts';
import { useStillList } from '../parts/use-still.ts';
import { Link } from '../routing/navigation.tsx';
import { formatPlace } from '../routing/routes.ts';
import { useDesk, useSummary } from '../session/desk.ts';
import { isOffered } from '../session/permissions.ts';
import { useResource, type Resource } from '../state/use-resource.ts';
import { ReleaseTable } from '../history/release-table.tsx';
import { ApprovalButtons } from '../approvals/approval-buttons.tsx';
import { CommandDialog } from './command-dialog.tsx';
import { Outcome } from './outcome.tsx';
import { Events } from './events.tsx';
import { PodLogs } from './pod-logs.tsx';
import { podsAtOnce } from './pod-selection.ts';
import { Pods } from './pods.tsx';
import { PlannedRelease, RunningRelease } from './running-release.tsx';
import { TrafficCharts } from './traffic-charts.tsx';
import { TrafficPicture } from './traffic-picture.tsx';
import { describeVersions, fitRows } from './traffic-picture-model.ts';
import { describeState } from './state-words.ts';
import { findLatest, isFinished, listOffers, type Offer } from './verbs.ts';
import { Title } from '../parts/title.tsx';

export interface ApplicationPageProps {
  readonly namespace: string;
  readonly name: string;
}

const lookMilliseconds = 3_000;
const sampleMilliseconds = 5_000;
const shownReleases = 8;
/** Pods of a version that failed stay for so long beside those of the next one: the page is not to move for them. */
const passingMilliseconds = 5_000;
const noPods: PodsAnswer = { items: [], total: 0, versions: [] };

/** One application: who serves, what comes, and what can be done about it. */
export function ApplicationPage({ namespace, name }: ApplicationPageProps) {
  const summary = useSummary(namespace, name);
  const path = pathOf(namespace, 'applications', name);
  const application = useResource<ApplicationAnswer>(path, { news: summary });
  // Nobody is asked for parts of what is not there, again and again.
  const isThere = (summary ?? application.data) !== undefined && !isMissing(application.problem);
  const partOf = (part: string): string | undefined => (isThere ? `${path}/${part}` : undefined);
  const history = useResource<Page<ReleaseSummary>>(
    isThere ? withQuery('/api/v1/releases', { namespace, application: name, limit: 20 }) : undefined,
    { news: application.data, everyMilliseconds: lookMilliseconds },
  );
  const releases = history.data?.items ?? [];
  const watched = useWatched({ namespace, application: application.data, history: releases, news: summary });
  const pods = useResource<PodsAnswer>(partOf(`pods?limit=${podsAtOnce}`), {
    news: summary,
    everyMilliseconds: lookMilliseconds,
  });
  const traffic = useResource<TrafficAnswer>(partOf('traffic'), { everyMilliseconds: sampleMilliseconds });
  const events = useResource<List<EventAnswer>>(partOf('events?limit=30'), { everyMilliseconds: sampleMilliseconds });
  const parts = [application, history, pods, traffic, events, ...watched.parts];
  // All at once: what comes later would push away what somebody reads already. And only at first: he may be writing why.
  const isWhole = parts.every(({ data, problem }) => data !== undefined || problem !== undefined);
  const isShown = useLast(isWhole ? true : undefined) ?? false;
  if (application.data === undefined || !isShown)
    return (
      <>
        <Head namespace={namespace} name={name} />
        {application.problem === undefined ? (
          <Skeleton height={420} />
        ) : (
          <ProblemNotice problem={application.problem} />
        )}
      </>
    );
  return (
    <Shown
      application={application.data}
      watched={watched.release}
      isGone={watched.isGone}
      history={releases}
      pods={pods.data ?? noPods}
      traffic={traffic.data?.items[0]}
      events={events.data?.items ?? []}
      problem={application.problem ?? pods.problem ?? history.problem}
    />
  );
}

interface Watched {
  readonly release?: ReleaseAnswer | undefined;
  /** The history knows it no more. */
  readonly isGone: boolean;
  /** Of what has to be read first. */
  readonly parts: readonly Resource<ReleaseAnswer>[];
}

interface Watching {
  readonly namespace: string;
  readonly application: ApplicationAnswer | undefined;
  readonly history: readonly ReleaseSummary[];
  readonly news: unknown;
}

/**
 * The release under way, and otherwise the last one: whoever has watched it wants to see its end, and what stands below it where it
 * stood.
 */
function useWatched({ namespace, application, history, news }: Watching): Watched {
  const candidate = application?.candidate?.release;
  const name = useLast(candidate) ?? findLatest(history)?.name;
  const path = name === undefined ? undefined : pathOf(namespace, 'releases', name);
  const read = useResource<ReleaseAnswer>(path, {
    news,
    everyMilliseconds: lookMilliseconds,
    isLast: ({ phase }) => isFinished(phase) && name !== candidate,
  });
  const release = useLast(read.data);
  return {
    release,
    // Of one that was just begun nobody may know yet, while the one before it is still shown.
    isGone: isMissing(read.problem) && release?.name === name,
    parts: path === undefined ? [] : [read],
  };
}

/** The last one that there was. */
function useLast<Value>(value: Value | undefined): Value | undefined {
  const [last, setLast] = useState(value);
  if (value !== undefined && value !== last) setLast(value);
  return value ?? last;
}

interface ShownProps {
  readonly application: ApplicationAnswer;
  /** Under way, or the last one that was while somebody looked. */
  readonly watched?: ReleaseAnswer | undefined;
  readonly isGone: boolean;
  readonly history: readonly ReleaseSummary[];
  readonly pods: PodsAnswer;
  readonly traffic?: Traffic | undefined;
  readonly events: readonly EventAnswer[];
  readonly problem?: unknown;
}

function Shown({ application, watched, isGone, history, pods, traffic, events, problem }: ShownProps) {
  const [answer, setAnswer] = useState<CommandAnswer>();
  const candidate = application.candidate?.release === watched?.name ? watched : undefined;
  const { namespace, name, split, serving, hosts } = application;
  const { tone, text } = describeState(application);
  const versions = describeVersions({
    split,
    serving: serving?.version,
    candidate: candidate?.version,
    pods: pods.items,
    counts: pods.versions,
    traffic,
  });
  const nodes = fitRows(versions, useSettled(versions.length, passingMilliseconds));
  const recent = [...new Set(history.map(({ version }) => version))];
  const drawn = new Set([...nodes, ...(traffic?.versions ?? [])].map(({ version }) => version));
  const shown = [...drawn].toSorted((one, other) => recent.indexOf(other) - recent.indexOf(one));
  const colours = useColours(`${namespace}/${name}`, { shown, recent });
  const entrance = application.spec.route === undefined ? 'Service' : 'Gateway';
  return (
    <>
      <Head namespace={namespace} name={name} phase={shownPhase(application)}>
        <Actions application={application} candidate={candidate} history={history} onAnswer={setAnswer} />
      </Head>
      <div className="told">
        {problem !== undefined && <Trouble problem={problem} />}
        {answer !== undefined && <Outcome answer={answer} onClose={() => setAnswer(undefined)} />}
      </div>
      <StateLine tone={tone} text={text} since={candidate?.status?.waitingSince}>
        <ApprovalButtons
          namespace={namespace}
          release={application.candidate?.release ?? ''}
          waitingFor={application.candidate?.waitingFor}
        />
      </StateLine>
      <section className="card" aria-labelledby="traffic">
        <header>
          <h2 id="traffic">Traffic</h2>
          <Hosts hosts={hosts} />
        </header>
        <div className="inside">
          <TrafficPicture nodes={nodes} colours={colours} entrance={entrance} hosts={hosts} />
        </div>
        <TrafficCharts traffic={traffic} colours={colours} canCount={canCount(application.spec.route)} />
      </section>
      {watched === undefined ? (
        <PlannedRelease spec={application.spec} />
      ) : (
        <RunningRelease release={watched} isGone={isGone} preview={application.preview} />
      )}
      <Pods path={pathOf(namespace, 'applications', name)} first={pods} replicas={application.spec.replicas ?? 1} />
      <PodLogs namespace={namespace} application={name} pods={pods} />
      <Releases namespace={namespace} application={name} history={history} />
      <Events events={events} />
    </>
  );
}

/** Routers of others tell nothing. */
function canCount(route: ApplicationRoute | undefined): boolean {
  return route !== undefined && (route.through ?? 'gateway') === 'gateway';
}

interface ReleasesProps {
  readonly namespace: string;
  readonly application: string;
  readonly history: readonly ReleaseSummary[];
}

function Releases({ namespace, application, history }: ReleasesProps) {
  const { shown, ref, ...waiting } = useStillList(history, uidOf);
  return (
    <section ref={ref} className="card" aria-labelledby="releases">
      <header>
        <h2 id="releases">Releases</h2>
        <ShowNewer {...waiting} />
        <Link className="push small" to={withQuery('/history', { namespace, application })}>
          See all
        </Link>
      </header>
      <ReleaseTable releases={shown.slice(0, shownReleases)} isOfOne />
    </section>
  );
}

function uidOf({ uid }: ReleaseSummary): string {
  return uid;
}

interface HeadProps {
  readonly namespace: string;
  readonly name: string;
  readonly phase?: string;
  readonly children?: ReactNode;
}

function Head({ namespace, name, phase, children }: HeadProps) {
  return (
    <div className="page-head">
      <div className="titles">
        <p className="crumbs">
          <Link to="/">Overview</Link> / <Link to={withQuery('/', { namespace })}>{namespace}</Link>
        </p>
        <div className="row wrap">
          <Title>{name}</Title>
          {phase !== undefined && <PhaseChip phase={phase} />}
        </div>
      </div>
      {children}
    </div>
  );
}

function Hosts({ hosts }: { readonly hosts: readonly string[] }) {
  return (
    <span className="push small soft cut" title={hosts.join(', ')}>
      {hosts.join(', ')}
    </span>
  );
}

interface ActionsProps {
  readonly application: ApplicationAnswer;
  readonly candidate?: ReleaseAnswer | undefined;
  readonly history: readonly ReleaseSummary[];
  /** With that of a command; undefined where none was given. */
  readonly onAnswer: (answer: CommandAnswer | undefined) => void;
}

function Actions({ application, candidate, history, onAnswer }: ActionsProps) {
  const { session } = useDesk();
  const { namespace, name } = application;
  const [asked, setAsked] = useState<Offer>();
  if (!isOffered(session, 'operate', namespace)) return null;
  return (
    <>
      <div className="actions verbs">
        {listOffers({ application, candidate, history }).map((offer) => (
          <button
            key={offer.label}
            type="button"
            className={offer.isDangerous ? 'button danger' : offer.verb === 'promote' ? 'button primary' : 'button'}
            title={offer.effect}
            onClick={() => setAsked(offer)}
          >
            {offer.label}
          </button>
        ))}
        <Link className="button" to={formatPlace({ page: 'edit', namespace, name })}>
          Change
        </Link>
      </div>
      {asked !== undefined && (
        <CommandDialog
          namespace={namespace}
          application={name}
          offer={asked}
          onClose={(given) => {
            setAsked(undefined);
            onAnswer(given);
          }}
        />
      )}
    </>
  );
}
