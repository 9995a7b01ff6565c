/**
 * What the gateways count, as measurements: of the requests since the last one that came to something. Gateways keep
 * running totals from their own start, so a window is the difference of two readings.
 */
import { formatMicroTime } from '@slipway/kube/clock';
import { trafficDurationBounds, type Split, type SplitInstanceStatus } from '@slipway/kube/split';
import type { Check, CheckState, GatewayProvider, TrafficReading, TrafficWindow } from '../../api/check.ts';
import { nextNumber, type TakenMeasurement } from './check-state.ts';
import { judgeSamples, type CompileExpression } from './judge-sample.ts';
import { calculateQuantile } from './quantile.ts';
import { failure, noData, value, type Sample } from './sample.ts';
import type { Subject } from './subject.ts';

/** Of gateways, in one window. */
const maximumInstances = 32;
const defaultQuantile = 0.99;

export interface GatewayObservation {
  readonly split: Split | undefined;
  readonly subject: Subject;
  readonly now: number;
}

/** From where the first measurement counts. */
export function openWindow(check: Check, observed: GatewayObservation): TrafficWindow {
  return { since: formatMicroTime(observed.now), readings: readTraffic(check, observed) };
}

/** No request over the network: the gateways have said it already, in the status of the Split. */
export function measureGateway(
  check: Check,
  state: CheckState,
  { compile, ...observed }: GatewayObservation & { readonly compile: CompileExpression },
): TakenMeasurement {
  const at = formatMicroTime(observed.now);
  const window = state.window ?? openWindow(check, observed);
  const current = readTraffic(check, observed);
  const judged = takeSamples(check, { window, current, ...observed });
  const judgement = judgeSamples(check, judged, { during: state.during, compile });
  const isConclusive = judgement.outcome === 'passed' || judgement.outcome === 'failed';
  // A window that begins in the future was opened before the clock went back: none of its numbers has a time.
  const isOver = isConclusive || Date.parse(window.since) > observed.now;
  return {
    measurement: { number: nextNumber(state), ...judgement, startedAt: at, finishedAt: at },
    // What says too little yet is added to: a window ends with a measurement that counts.
    window: isOver ? { since: at, readings: current } : { ...window, readings: withNewcomers(window, current) },
  };
}

function readTraffic(check: Check, { split, subject }: GatewayObservation): readonly TrafficReading[] {
  const { candidate, stable } = subject;
  const wanted = [candidate.version, ...(stable === undefined ? [] : [stable.version])];
  const keepsDurations = check.provider.gateway?.metric === 'duration';
  return (split?.status?.instances ?? [])
    .slice(0, maximumInstances)
    .flatMap((instance) => wanted.flatMap((version) => readInstance(instance, version)))
    .map(({ durations, ...reading }) =>
      keepsDurations && durations !== undefined ? { ...reading, durations } : reading,
    );
}

function readInstance({ name, traffic = [] }: SplitInstanceStatus, version: string): readonly TrafficReading[] {
  const found = traffic.find((each) => each.version === version);
  if (found === undefined) return [];
  const { requests, serverErrors: errors, durations } = found;
  return [{ instance: name, version, requests, errors, durations }];
}

/** A gateway that is first seen brings the counts of an unknown time along: it counts from here on. */
function withNewcomers({ readings }: TrafficWindow, current: readonly TrafficReading[]): readonly TrafficReading[] {
  return [...readings, ...current.filter((reading) => findStart(readings, reading) === undefined)].slice(
    -2 * maximumInstances,
  );
}

function findStart(readings: readonly TrafficReading[], reading: TrafficReading): TrafficReading | undefined {
  return readings.find(({ instance, version }) => instance === reading.instance && version === reading.version);
}

interface Looked extends GatewayObservation {
  readonly window: TrafficWindow;
  readonly current: readonly TrafficReading[];
}

type Total = Pick<TrafficReading, 'requests' | 'errors' | 'durations'>;

function takeSamples(
  { provider: { gateway }, baseline }: Check,
  looked: Looked,
): { readonly value: Sample; readonly baseline?: Sample | undefined; readonly samples: number } {
  const { subject, window, now } = looked;
  if (gateway === undefined) return { value: failure('the check does not ask the gateways'), samples: 0 };
  const seconds = (now - Date.parse(window.since)) / 1_000;
  const own = totalOf(looked, subject.candidate.version);
  const sampled = sampleOf(gateway, own, { seconds, version: subject.candidate.version });
  return {
    value: sampled,
    samples: own?.requests ?? 0,
    ...(baseline === true ? { baseline: stableSample(gateway, looked, seconds) } : {}),
  };
}

/** A stable version that has left the traffic is known by all that was counted of it before. */
function stableSample(gateway: GatewayProvider, looked: Looked, seconds: number): Sample {
  const { stable } = looked.subject;
  if (stable === undefined) return failure('there is no stable version to compare with');
  const { version } = stable;
  const inWindow = totalOf(looked, version);
  const isSilent = gateway.metric !== 'rate' && (inWindow?.requests ?? 0) === 0;
  const ever = sumOf(looked.current.filter((reading) => reading.version === version));
  return sampleOf(gateway, isSilent ? ever : inWindow, { seconds, version });
}

/** Undefined: no gateway has counted it from the beginning of the window to now. */
function totalOf({ window, current }: Looked, version: string): Total | undefined {
  const counted = current.flatMap((reading) => {
    const start = findStart(window.readings, reading);
    return start === undefined || reading.version !== version ? [] : [since(reading, start)];
  });
  return counted.length === 0 ? undefined : sumOf(counted);
}

/** A gateway that was started again counts from nothing. */
function since(reading: TrafficReading, start: TrafficReading): Total {
  if (reading.requests < start.requests) return reading;
  const { requests, errors, durations } = reading;
  const known = start.durations;
  return {
    requests: requests - start.requests,
    errors: Math.max(0, errors - start.errors),
    durations:
      known === undefined ? undefined : durations?.map((count, index) => Math.max(0, count - (known[index] ?? 0))),
  };
}

/** What one of them does not know is not known of all. */
function sumOf(totals: readonly Total[]): Total {
  return totals.reduce<Total>(
    (sum, { requests, errors, durations }) => ({
      requests: sum.requests + requests,
      errors: sum.errors + errors,
      durations: durations === undefined ? undefined : sum.durations?.map((count, at) => count + (durations[at] ?? 0)),
    }),
    { requests: 0, errors: 0, durations: [...trafficDurationBounds.map(() => 0), 0] },
  );
}

function sampleOf(
  gateway: GatewayProvider,
  total: Total | undefined,
  { seconds, version }: { readonly seconds: number; readonly version: string },
): Sample {
  if (total === undefined) return noData(`no gateway has counted requests to version ${version} for long enough`);
  if (gateway.metric === 'rate')
    return seconds > 0 ? value(total.requests / seconds) : noData('no time has passed by the clock');
  if (total.requests === 0) return noData(`no requests to version ${version} since the last measurement`);
  return gateway.metric === 'errors' ? value(total.errors / total.requests) : durationOf(gateway, total);
}

function durationOf({ quantile = defaultQuantile }: GatewayProvider, { durations }: Total): Sample {
  if (durations === undefined) return failure('there is a gateway that does not report durations');
  const seconds = calculateQuantile(durations, trafficDurationBounds, quantile);
  return seconds === undefined ? noData('no duration was counted') : value(seconds);
}
