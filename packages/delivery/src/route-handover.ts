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
import { isRefusedBy, isServingNothing } from './route-conflicts.ts';
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
  return mainCarrier(asked) === mainCarrier(split.spec)
    ? planLettingGo(observation, split.spec, asked)
    : planTakeover(observation, split.spec, asked);
}

/** Those that carried before and are not asked for go when clients have had their time. */
function planLettingGo(observation: Observation, present: SplitSpec, asked: Carriers): Handover {
  const { alsoThrough = [] } = present;
  const gone = alsoThrough.filter(({ name }) => asked.alsoThrough?.some((each) => each.name === name) !== true);
  const left = gone.length === 0 ? 0 : handoverLeft(observation);
  if (left > 0) return { ...changed(present, { ...asked, alsoThrough }), requeueAfter: finite(left) };
  const names = gone.map(({ name }) => name).join(', ');
  const message = names === '' ? undefined : `${names} is let go, requests go through ${mainCarrier(asked)}`;
  return { ...changed(present, asked), message };
}

function planTakeover(observation: Observation, present: SplitSpec, asked: Carriers): Handover {
  const [to, from] = [mainCarrier(asked), mainCarrier(present)];
  const active = activeRelease(observation);
  const hindrance = active === undefined ? undefined : findHindrance(observation, active, { to, from });
  const { alsoThrough = [] } = present;
  if (hindrance !== undefined)
    return {
      ...planLettingGo(observation, present, withoutRefusing(observation, present)),
      waitingFor: `${hindrance} before ${to} takes over from ${from}`,
    };
  const others = [...alsoThrough, formerCarrier(present)].filter((each) => each.name !== to);
  return {
    carriers: { ...asked, alsoThrough: others },
    message: `${to} takes over from ${from}, which carries requests too for the time of spec.route.handoverSeconds`,
  };
}

/** One that carried before and refuses the route would keep the release from the end that is waited for. */
function withoutRefusing(observation: Observation, present: SplitSpec): Carriers {
  const kept = (present.alsoThrough ?? []).filter(({ name }) => !isRefusedBy(observation, name));
  return { ...carriersIn(present), alsoThrough: kept.length === 0 ? undefined : kept };
}

interface Takeover {
  readonly to: Carrier;
  readonly from: Carrier;
}

/**
 * A release goes through the router that it began with: another one may not be able to do what it asks for. Where that one
 * refuses the route, the release could neither go on nor back, and so goes through another one that can.
 */
function findHindrance(observation: Observation, active: Release, { to, from }: Takeover): string | undefined {
  const end = `release ${nameOf(active)} to end`;
  if (!isRefusedBy(observation, from) || isRefusedBy(observation, to)) return end;
  const { strategy, checks } = active.spec;
  const faults = to === 'gateway' ? [] : faultsThrough(to, { ...observation.application.spec, strategy, checks });
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
