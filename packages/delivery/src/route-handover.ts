/**
 * From one router to another: clients find them at different addresses, and whoever moves clients needs a time in which both
 * serve. So the new one carries beside the old one, each change of the split is confirmed by both, and the old one is let go
 * `handoverSeconds` after the new one has the route in force.
 */
import { isSameJson } from '@slipway/kube/json-equality';
import { foreignRouters, type Carrier, type FormerCarrier, type SplitSpec } from '@slipway/kube/split';
import type { Release } from './api/release.ts';
import { askedCarrier, carriersIn, mainCarrier, type Carriers } from './carriers.ts';
import { activeRelease } from './current-releases.ts';
import type { Observation } from './observation.ts';
import { nameOf } from './release-context.ts';
import { isRefusedBy, isRouteLost, isServingNothing } from './route-conflicts.ts';
import { faultsThrough } from './routers/validate-router.ts';

export interface Handover {
  /** Undefined: those that the split has. */
  readonly carriers: Carriers | undefined;
  /** What is to be told of that. */
  readonly message?: string | undefined;
  readonly waitingFor?: string | undefined;
  readonly requeueAfter?: number | undefined;
}

const defaultHandoverSeconds = 300;

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

function planTakeover(observation: Observation, present: SplitSpec, asked: Carriers): Handover {
  const [name, before] = [mainCarrier(asked), mainCarrier(present)];
  const active = activeRelease(observation);
  const hindrance = active === undefined ? undefined : findHindrance(observation, active, name);
  if (hindrance !== undefined)
    return { carriers: undefined, waitingFor: `${hindrance} before ${name} takes over from ${before}` };
  const { alsoThrough = [] } = present;
  const others = [...alsoThrough, formerCarrier(present)].filter((each) => each.name !== name);
  return {
    carriers: { ...asked, alsoThrough: others },
    message: `${name} takes over from ${before}, which carries requests too for the time of spec.route.handoverSeconds`,
  };
}

/**
 * A release goes through the router that it began with: another one may not be able to do what it asks for. Where one that
 * carries refuses the route, the release could neither go on nor back, and so goes through another one that can.
 */
function findHindrance(observation: Observation, active: Release, name: Carrier): string | undefined {
  const end = `release ${nameOf(active)} to end`;
  if (!isRouteLost(observation) || isRefusedBy(observation, name)) return end;
  const { strategy, checks } = active.spec;
  const faults = name === 'gateway' ? [] : faultsThrough(name, { ...observation.application.spec, strategy, checks });
  return faults.length === 0
    ? undefined
    : `${end}, or another router to be named (${faults.map(({ field = '', message }) => `${field}: ${message}`).join('; ')})`;
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

function isForeign(name: string): boolean {
  return foreignRouters.some((each) => each === name);
}

function finite(milliseconds: number): number | undefined {
  return Number.isFinite(milliseconds) ? milliseconds : undefined;
}
