/**
 * What the gateways count, as measurements: of the requests since the last one that came to something. Gateways keep
 * running totals from their own start, so a window is the difference of two readings.
 */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Split, SplitInstanceStatus } from '@slipway/kube/split';
import type { Check, CheckState, GatewayProvider, TrafficReading, TrafficWindow } from '../../api/check.ts';
import { nextNumber, type TakenMeasurement } from './check-state.ts';
import { judgeSamples, type CompileExpression } from './judge-sample.ts';
import { failure, noData, value, type Sample } from './sample.ts';
import type { Subject } from './subject.ts';

/** Of gateways, in one window. */
const maximumInstances = 32;

export interface GatewayObservation {
  readonly split: Split | undefined;
  readonly subject: Subject;
  readonly now: number;
}

/** From where the first measurement counts. */
export function openWindow({ split, subject, now }: GatewayObservation): TrafficWindow {
  return { since: formatMicroTime(now), readings: readTraffic(split, subject) };
}

/** No request over the network: the gateways have said it already, in the status of the Split. */
export function measureGateway(
  check: Check,
  state: CheckState,
  { compile, ...observed }: GatewayObservation & { readonly compile: CompileExpression },
): TakenMeasurement {
  const at = formatMicroTime(observed.now);
  const window = state.window ?? openWindow(observed);
  const current = readTraffic(observed.split, observed.subject);
  const judged = takeSamples(check, { window, current, ...observed });
  const judgement = judgeSamples(check, judged, { during: state.during, compile });
  const isConclusive = judgement.outcome === 'passed' || judgement.outcome === 'failed';
  return {
    measurement: { number: nextNumber(state), ...judgement, startedAt: at, finishedAt: at },
    // What says too little yet is added to: a window ends with a measurement that counts.
    window: isConclusive ? { since: at, readings: current } : { ...window, readings: withNewcomers(window, current) },
  };
}

function readTraffic(split: Split | undefined, { candidate, stable }: Subject): readonly TrafficReading[] {
  const wanted = [candidate.version, ...(stable === undefined ? [] : [stable.version])];
  return (split?.status?.instances ?? [])
    .slice(0, maximumInstances)
    .flatMap((instance) => wanted.flatMap((version) => readInstance(instance, version)));
}

function readInstance({ name, traffic = [] }: SplitInstanceStatus, version: string): readonly TrafficReading[] {
  const found = traffic.find((each) => each.version === version);
  return found === undefined ? [] : [{ instance: name, version, requests: found.requests, errors: found.serverErrors }];
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

interface Total {
  readonly requests: number;
  readonly errors: number;
}

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
  const isSilent = gateway.metric === 'errors' && (inWindow?.requests ?? 0) === 0;
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
  return reading.requests < start.requests
    ? reading
    : { requests: reading.requests - start.requests, errors: Math.max(0, reading.errors - start.errors) };
}

function sumOf(totals: readonly Total[]): Total {
  return totals.reduce<Total>(
    (sum, { requests, errors }) => ({ requests: sum.requests + requests, errors: sum.errors + errors }),
    { requests: 0, errors: 0 },
  );
}

function sampleOf(
  { metric }: GatewayProvider,
  total: Total | undefined,
  { seconds, version }: { readonly seconds: number; readonly version: string },
): Sample {
  if (total === undefined) return noData(`no gateway has counted requests to version ${version} for long enough`);
  switch (metric) {
    case 'rate':
      return seconds > 0 ? value(total.requests / seconds) : noData('no time has passed by the clock');
    case 'errors':
      return total.requests === 0
        ? noData(`no requests to version ${version} since the last measurement`)
        : value(total.errors / total.requests);
    case 'duration':
      return failure('the gateways do not report durations');
  }
}
