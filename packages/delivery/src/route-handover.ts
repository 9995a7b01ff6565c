/**
 * From one router to another: clients find them at different addresses, and whoever moves clients needs a time in which both
 * serve. So the new one carries beside the old one, each change of the split is confirmed by both, and the old one is let go
 * `handoverSeconds` after the new one has the route in force.
 */
import { isSameJson } from '@slipway/kube/json-equality';
import { foreignRouters, type Carrier, type FormerCarrier, type SplitSpec } from '@slipway/kube/split';
import type { Application } from './api/application.ts';
import { activeRelease } from './current-releases.ts';
import type { Observation } from './observation.ts';
import { nameOf } from './release-context.ts';
import { isServingNothing } from './route-conflicts.ts';

/** Who carries the requests: without any field, our gateways alone. */
export type Carriers = Pick<SplitSpec, 'through' | 'parentRefs' | 'propagationSeconds' | 'alsoThrough'>;

export interface Handover {
  /** Undefined: those that the split has. */
  readonly carriers: Carriers | undefined;
  /** What is to be told of that. */
  readonly message?: string | undefined;
  readonly waitingFor?: string | undefined;
  readonly requeueAfter?: number | undefined;
}

const defaultHandoverSeconds = 300;

/** As spec asks for it. */
export function askedCarrier({ spec: { route } }: Application): Carriers {
  const through = foreignRouters.find((name) => name === route?.through);
  return through === undefined
    ? {}
    : { through, parentRefs: route?.parentRefs, propagationSeconds: route?.propagationSeconds };
}

export function carriersIn({ through, parentRefs, propagationSeconds, alsoThrough }: SplitSpec): Carriers {
  return { through, parentRefs, propagationSeconds, alsoThrough };
}

/** The next step of the way from those that carry to the one that is asked for. */
export function planHandover(observation: Observation): Handover {
  const { application, split } = observation;
  if (split === undefined) return { carriers: undefined };
  const asked = askedCarrier(application);
  if (mainCarrier(asked) !== mainCarrier(split.spec)) return planTakeover(observation, split.spec, asked);
  const { alsoThrough = [] } = split.spec;
  const left = alsoThrough.length === 0 ? 0 : handoverLeft(observation);
  if (left > 0) return { ...changed(split.spec, { ...asked, alsoThrough }), requeueAfter: finite(left) };
  const gone = alsoThrough.map(({ name }) => name);
  const message =
    gone.length === 0 ? undefined : `requests go through ${mainCarrier(asked)} alone, ${gone.join(', ')} is let go`;
  return { ...changed(split.spec, asked), message };
}

/** A release goes through the router that it began with: another one may not be able to do what it asks for. */
function planTakeover(observation: Observation, present: SplitSpec, asked: Carriers): Handover {
  const active = activeRelease(observation);
  const [name, before] = [mainCarrier(asked), mainCarrier(present)];
  if (active !== undefined)
    return {
      carriers: undefined,
      waitingFor: `release ${nameOf(active)} to end before ${name} takes over from ${before}`,
    };
  const { alsoThrough = [] } = present;
  const others = [...alsoThrough, formerCarrier(present)].filter((each) => each.name !== name);
  return {
    carriers: { ...asked, alsoThrough: others },
    message: `${name} takes over from ${before}, which carries requests too for the time of spec.route.handoverSeconds`,
  };
}

function formerCarrier(present: SplitSpec): FormerCarrier {
  const { parentRefs, propagationSeconds } = present;
  return { name: mainCarrier(present), parentRefs, propagationSeconds };
}

function changed(present: SplitSpec, wanted: Carriers): Pick<Handover, 'carriers'> {
  return { carriers: isSameJson(carriersIn(present), wanted) ? undefined : wanted };
}

/**
 * Milliseconds; without end while the new router has not said that it carries, or says that what it was told leads nowhere,
 * because the hosts are somebody else's. Counted from when that was seen: clocks jump. Who leads anew counts once more.
 */
function handoverLeft({ application, split, gateways, confirmedFor }: Observation): number {
  const main = split?.spec.through;
  const generation = split?.metadata.generation ?? Infinity;
  const confirmers = gateways.filter((name) => (isForeign(name) ? name : undefined) === main);
  const entries = (split?.status?.instances ?? []).filter(
    ({ name, observedGeneration }) => confirmers.includes(name) && observedGeneration >= generation,
  );
  if (entries.length === 0 || entries.length < confirmers.length || entries.some(isServingNothing)) return Infinity;
  const seconds = application.spec.route?.handoverSeconds ?? defaultHandoverSeconds;
  return seconds * 1_000 - Math.min(...entries.map(({ name }) => confirmedFor.get(name) ?? 0));
}

/** Whom spec names, or the split. */
export function mainCarrier({ through }: Carriers): Carrier {
  return through ?? 'gateway';
}

function isForeign(name: string): boolean {
  return foreignRouters.some((each) => each === name);
}

function finite(milliseconds: number): number | undefined {
  return Number.isFinite(milliseconds) ? milliseconds : undefined;
}
