/** What the gateways counted of a version while the guard watches it. */
import { formatTime } from '@slipway/kube/clock';
import { countTrafficUntilAnnotation, type SplitInstanceStatus } from '@slipway/kube/split';
import type { ReleaseStatus, TrafficCount } from './api/release.ts';
import type { Action } from './plan.ts';
import type { ReleaseContext } from './release-context.ts';

/** Fewer requests say nothing. */
const minimumSamples = 50;
const maximumShare = 0.05;
const timesStable = 2;

interface Total {
  readonly requests: number;
  readonly errors: number;
}

/** Asks every gateway to count until the guard ends; asked again only when that is later than what it knows. */
export function planCounting({ observation: { split } }: ReleaseContext, endsAt: number): readonly Action[] {
  const known = split?.metadata.annotations?.[countTrafficUntilAnnotation];
  const until = formatTime(endsAt + 1_000);
  return split === undefined || (known !== undefined && Date.parse(known) >= endsAt)
    ? []
    : [{ type: 'countTraffic', until }];
}

/**
 * Gateways count from their own start, so what a version served before its guard is in their totals: what each instance said
 * first in this guard is taken off. A version whose first traffic came with the promotion has nothing to take off.
 */
export function withTrafficStart({ status, observation, release }: ReleaseContext): ReleaseStatus {
  const hasPreview = release.spec.strategy.blueGreen?.previewHosts !== undefined;
  if (!hasPreview && !servedBefore(status)) return status;
  const known = new Set((status.trafficAtStart ?? []).map(({ instance }) => instance));
  const first = (observation.split?.status?.instances ?? [])
    .filter(({ name, traffic }) => traffic !== undefined && !known.has(name))
    .map((instance) => countOf(instance, release.spec.version) ?? { instance: instance.name, requests: 0, errors: 0 });
  return first.length === 0 ? status : { ...status, trafficAtStart: [...(status.trafficAtStart ?? []), ...first] };
}

/** Before all traffic moved: in the steps of this attempt, or in an attempt before. */
function servedBefore({ firstTrafficAt, transitions = [] }: ReleaseStatus): boolean {
  const guarding = transitions.findLastIndex(({ phase }) => phase === 'Guarding');
  const promoting = transitions[guarding - 1];
  const moved = promoting?.phase === 'Promoting' ? promoting : transitions[guarding];
  return firstTrafficAt !== undefined && moved !== undefined && Date.parse(firstTrafficAt) < Date.parse(moved.at);
}

function countOf({ name, traffic }: SplitInstanceStatus, version: string): TrafficCount | undefined {
  const found = traffic?.find((each) => each.version === version);
  return found === undefined ? undefined : { instance: name, requests: found.requests, errors: found.serverErrors };
}

/** More than 5 % of at least 50 requests failed, and more than twice the share that fails with stable. */
export function describeErrors(context: ReleaseContext): string | undefined {
  const { observation, release, stable, status } = context;
  const instances = observation.split?.status?.instances ?? [];
  const total = sumOf(instances, release.spec.version, status.trafficAtStart ?? []);
  const before = stable === undefined ? { requests: 0, errors: 0 } : sumOf(instances, stable.release.spec.version, []);
  const share = shareOf(total);
  const isConcern = total.requests >= minimumSamples && share > maximumShare && share > timesStable * shareOf(before);
  return isConcern
    ? `${percent(share)} of ${total.requests} requests to version ${release.spec.version} were answered with 5xx, of those to version ${stable?.release.spec.version ?? ''} ${percent(shareOf(before))}`
    : undefined;
}

function sumOf(instances: readonly SplitInstanceStatus[], version: string, start: readonly TrafficCount[]): Total {
  return instances
    .flatMap((instance) => countOf(instance, version) ?? [])
    .map((count) =>
      since(
        count,
        start.find(({ instance }) => instance === count.instance),
      ),
    )
    .reduce((sum, { requests, errors }) => ({ requests: sum.requests + requests, errors: sum.errors + errors }), {
      requests: 0,
      errors: 0,
    });
}

/** A gateway that was started again counts from nothing. */
function since(count: Total, start: Total | undefined): Total {
  return start === undefined || count.requests < start.requests
    ? count
    : { requests: count.requests - start.requests, errors: count.errors - start.errors };
}

function shareOf({ requests, errors }: Total): number {
  return requests === 0 ? 0 : errors / requests;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
