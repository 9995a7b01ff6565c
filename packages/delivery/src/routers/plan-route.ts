/** Pure: what to write, and what to say of it in the name of the router. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Plan } from '@slipway/kube/controller';
import { isSameJson } from '@slipway/kube/json-equality';
import type { KubeObject } from '@slipway/kube/object';
import type { SplitInstanceStatus } from '@slipway/kube/split';
import type { Route, Verdict } from './judge-route.ts';

export interface ObservedRoute<T extends KubeObject> extends Route<T> {
  readonly verdict: Verdict<T>;
  /** For how long the verdict has been the same about the same objects, in milliseconds. */
  readonly unchangedFor: number;
}

export type RouteAction<T extends KubeObject> =
  | { readonly type: 'apply'; readonly object: T }
  /** Of an object that others have put something into, only what is ours. */
  | { readonly type: 'withdraw'; readonly object: T }
  /** Without an entry: the router has nothing to do with the Split any more. */
  | { readonly type: 'report'; readonly entry: SplitInstanceStatus | undefined };

const defaultPropagationSeconds = 10;
const patienceMilliseconds = 30_000;

export function planRoute<T extends KubeObject>(route: ObservedRoute<T>, now: number): Plan<RouteAction<T>> {
  const { verdict } = route;
  switch (verdict.state) {
    case 'toWrite':
      return {
        // That it may have objects is written down first: whoever comes after a crash knows where to look.
        actions: [
          ...report(route, unconfirmed(route, ownEntry(route)?.conflicts, now)),
          ...verdict.objects.map((object) => ({ type: 'apply', object }) as const),
          ...verdict.leaving.map((object) => ({ type: 'withdraw', object }) as const),
        ],
        requeueAfter: patienceMilliseconds,
      };
    case 'left':
      return { actions: report(route, undefined) };
    case 'refused':
      return { actions: report(route, refused(route, verdict.sentence, now)), requeueAfter: patienceMilliseconds };
    case 'awaited':
      return planPatience(route, verdict.sentence, now);
    case 'inForce':
      return planConfirmation(route, now);
  }
}

/** Controllers take a moment: only a long one is worth a word. */
function planPatience<T extends KubeObject>(
  route: ObservedRoute<T>,
  sentence: string,
  now: number,
): Plan<RouteAction<T>> {
  const left = patienceMilliseconds - route.unchangedFor;
  return {
    actions: report(route, left > 0 ? unconfirmed(route, undefined, now) : refused(route, sentence, now)),
    requeueAfter: left > 0 ? left : patienceMilliseconds,
  };
}

function planConfirmation<T extends KubeObject>(route: ObservedRoute<T>, now: number): Plan<RouteAction<T>> {
  const { spec, metadata } = route.split;
  const { generation = 0 } = metadata;
  const own = ownEntry(route);
  const isConfirmed = own !== undefined && own.observedGeneration >= generation;
  const propagation = (spec.propagationSeconds ?? defaultPropagationSeconds) * 1_000;
  const left = isConfirmed ? 0 : propagation - route.unchangedFor;
  if (left > 0) return { actions: report(route, unconfirmed(route, undefined, now)), requeueAfter: left };
  const inForceSince = isConfirmed ? own.inForceSince : formatMicroTime(now);
  return { actions: report(route, { name: route.router.name, observedGeneration: generation, inForceSince }) };
}

/** What was confirmed and is no more in force is taken back: delivery would go on with it. */
function unconfirmed<T extends KubeObject>(
  route: ObservedRoute<T>,
  conflicts: readonly string[] | undefined,
  now: number,
): SplitInstanceStatus {
  const own = ownEntry(route);
  const before = Math.max(0, (route.split.metadata.generation ?? 0) - 1);
  return {
    name: route.router.name,
    observedGeneration: Math.min(own?.observedGeneration ?? 0, before),
    inForceSince: own?.inForceSince ?? formatMicroTime(now),
    conflicts,
  };
}

/** Also of what only the writing showed. */
export function refused<T extends KubeObject>(
  route: ObservedRoute<T>,
  sentence: string,
  now: number,
): SplitInstanceStatus {
  return unconfirmed(route, [sentence], now);
}

function ownEntry<T extends KubeObject>({ split, router }: ObservedRoute<T>): SplitInstanceStatus | undefined {
  return split.status?.instances?.find(({ name }) => name === router.name);
}

/** Only what is not said already. */
function report<T extends KubeObject>(
  route: ObservedRoute<T>,
  entry: SplitInstanceStatus | undefined,
): readonly RouteAction<T>[] {
  return isSameJson(ownEntry(route), entry) ? [] : [{ type: 'report', entry }];
}
