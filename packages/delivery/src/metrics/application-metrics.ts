/** What the releases of every Application say of themselves, as the leader sees them. */
import type { Metric, Sample } from '@slipway/kube/exposition';
import type { Application } from '../api/application.ts';
import { isFinished, type Release } from '../api/release.ts';
import { waitingReason } from './waiting-reason.ts';

export interface SeenApplications {
  readonly applications: readonly Application[];
  readonly releases: readonly Release[];
  /** Wall time in milliseconds. */
  readonly now: number;
}

export function applicationMetrics(seen: SeenApplications): readonly Metric[] {
  const latest = latestReleases(seen.releases);
  const under = (application: Application): Release | undefined =>
    latest.get(`${application.metadata.namespace ?? ''}/${application.metadata.name ?? ''}`);
  const each = (sampleOf: (application: Application, release: Release | undefined) => Sample | undefined) =>
    seen.applications.flatMap((application) => sampleOf(application, under(application)) ?? []);
  return [
    {
      name: 'slipway_application_phase',
      help: 'Phase of the release that is under way or was last; always 1',
      type: 'gauge',
      samples: each((application, release) => phaseSample(application, release)),
    },
    {
      name: 'slipway_application_phase_seconds',
      help: 'Seconds since that phase began',
      type: 'gauge',
      samples: each((application, release) => phaseSecondsSample(application, release, seen.now)),
    },
    {
      name: 'slipway_application_waiting',
      help: 'What that release waits for; always 1, and absent where it waits for nothing',
      type: 'gauge',
      samples: each((application, release) => waitingSample(application, release)),
    },
    {
      name: 'slipway_application_condition',
      help: 'Conditions of the Application with their reasons: 1 for True, 0 for False, -1 for Unknown',
      type: 'gauge',
      samples: seen.applications.flatMap(conditionSamples),
    },
  ];
}

/** By the Application's key: the release under way, or the last that ended. */
function latestReleases(releases: readonly Release[]): ReadonlyMap<string, Release> {
  const latest = new Map<string, Release>();
  for (const release of releases) {
    const key = `${release.metadata.namespace ?? ''}/${release.spec.application}`;
    const known = latest.get(key);
    if (known === undefined || rank(release) > rank(known)) latest.set(key, release);
  }
  return latest;
}

/** What is under way comes before everything that has ended; otherwise the later start. */
function rank({ status, metadata }: Release): string {
  const isUnderWay = status === undefined || !isFinished(status.phase);
  const started = status?.attempts?.at(-1)?.startedAt ?? metadata.creationTimestamp ?? '';
  return `${isUnderWay ? 1 : 0} ${started}`;
}

function labelsOf({ metadata }: Application): Readonly<Record<string, string>> {
  return { namespace: metadata.namespace ?? '', application: metadata.name ?? '' };
}

function phaseSample(application: Application, release: Release | undefined): Sample | undefined {
  if (release?.status === undefined) return undefined;
  const labels = { ...labelsOf(application), version: release.spec.version, phase: release.status.phase };
  return { labels, value: 1 };
}

function phaseSecondsSample(application: Application, release: Release | undefined, now: number): Sample | undefined {
  const { transitions = [], startedAt } = release?.status ?? {};
  const since = transitions.at(-1)?.at ?? startedAt;
  if (since === undefined) return undefined;
  // The clock of the leader before us may have been ahead of ours.
  return { labels: labelsOf(application), value: Math.max(0, (now - Date.parse(since)) / 1_000) };
}

function waitingSample(application: Application, release: Release | undefined): Sample | undefined {
  const reason = release?.status === undefined ? undefined : waitingReason(release.status);
  return reason === undefined ? undefined : { labels: { ...labelsOf(application), reason }, value: 1 };
}

const conditionValues = { True: 1, False: 0, Unknown: -1 } as const;

function conditionSamples(application: Application): readonly Sample[] {
  return (application.status?.conditions ?? []).map(({ type, reason, status }) => ({
    labels: { ...labelsOf(application), type, reason: reason ?? '' },
    value: conditionValues[status],
  }));
}
