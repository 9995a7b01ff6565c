/** What must hold of routes that gateways refuse, and of those that change hands. */
import { isSameJson } from '@slipway/kube/json-equality';
import { carriersOf, type Carrier } from '@slipway/kube/split';
import { isFinished } from '../src/api/release.ts';
import { labels } from '../src/names.ts';
import { ingressNginx } from '../src/routers/ingress-nginx.ts';
import { askedOf } from '../src/routers/router.ts';
import type { Change } from './simulation/api.ts';
import { isOpen } from './simulation/gateways.ts';
import { isLive } from './simulation/partitions.ts';
import { isCarrying, routerOf } from './simulation/routers.ts';
import { isPodReady, type Gateway, type World } from './simulation/world.ts';

/** Where a gateway that lives says that it serves nothing of the route, no release goes forward, unless a person promotes it. */
export function checkRefusedRoute({ before, after, action }: Change): string | undefined {
  if (action.type !== 'setSplit' || !isRefused(before) || isBereft(before)) return undefined;
  const raised = before.releases.find(
    ({ metadata: { name = '' }, status }) =>
      status !== undefined &&
      !isFinished(status.phase) &&
      status.ending === undefined &&
      status.promotedBy === undefined &&
      weightOf(after, name) > weightOf(before, name),
  );
  return raised === undefined ? undefined : `route: ${raised.metadata.name} gets more of a route that is refused`;
}

function isRefused(world: World): boolean {
  return world.application.spec.route !== undefined && refusingCarriers(world).length > 0;
}

/** Those of which an instance says that it serves nothing of the route. What another project refuses it never observes. */
function refusingCarriers({ split, gateways, now }: World): readonly Carrier[] {
  if (split === undefined) return [];
  const living = new Set(
    gateways.flatMap((each) => (isLive(each, now) && isCarrying(each, split.spec) ? each.name : [])),
  );
  const refusing = (split.status?.instances ?? []).filter(
    ({ name, observedGeneration, unservedRules = [] }) =>
      living.has(name) &&
      (routerOf({ name }) !== undefined || observedGeneration >= (split.metadata.generation ?? 0)) &&
      unservedRules.includes(0),
  );
  return refusing.map((each) => routerOf(each) ?? 'gateway');
}

/**
 * A router is let go when the one that was asked for has led somewhere for the time of both, and each instance of it does so;
 * and that one takes over only where no release is under way, which may need what the other one can do, or from one that
 * itself refuses the route.
 */
export function checkHandover({ before, after }: Change): string | undefined {
  if (before.split === undefined || after.split === undefined || before.split === after.split) return undefined;
  const [old, next] = [carriersOf(before.split.spec), carriersOf(after.split.spec)];
  const [main] = next;
  const [present = 'gateway'] = old;
  // What is made by the same look has not begun.
  const isOpen = before.releases.some(
    ({ status }) => status !== undefined && status.phase !== 'Pending' && !isFinished(status.phase),
  );
  if (main !== present && isOpen && !refusingCarriers(before).includes(present))
    return `handover: ${main} takes over in the middle of a release`;
  const gone = old.find((name) => !next.includes(name));
  if (gone === undefined) return undefined;
  const seconds = before.application.spec.route?.handoverSeconds ?? 0;
  return hasLed(before, main, seconds * 1_000)
    ? undefined
    : `handover: ${gone} is let go before ${main} has led somewhere for ${seconds} s`;
}

/** What it could never have in force it would never confirm: an Ingress and its canary lead to two versions. */
export function checkFeasible({ after, action }: Change): string | undefined {
  const { split } = after;
  if (action.type !== 'setSplit' || split === undefined) return undefined;
  if (!carriersOf(split.spec).includes('ingressNginx')) return undefined;
  const written = new Map(ingressNginx.render(split, new Map()).map((each) => [each.metadata.name ?? '', each]));
  const isGiven = isSameJson(askedOf(split), ingressNginx.readBack(split, written));
  return isGiven ? undefined : `feasible: ingressNginx cannot route by ${JSON.stringify(askedOf(split))}`;
}

/** One instance for so long, and all others by now: one that has just started gets no requests before it has seen the Split. */
function hasLed({ gateways, now }: World, main: Carrier | undefined, milliseconds: number): boolean {
  const leading = gateways.filter((each) => isLive(each, now) && (routerOf(each) ?? 'gateway') === main);
  const isLeading = (each: Gateway): boolean => isOpen(each) || each.inForce === undefined;
  return leading.every(isLeading) && leading.some(({ openSince = Infinity }) => now - openSince >= milliseconds);
}

/** A version that has weight has nobody to carry it. */
export function isBereft({ split, pods }: World): boolean {
  const carrying = (split?.spec.rules[0]?.backends ?? []).filter(({ weight }) => weight > 0);
  return carrying.some(
    ({ version }) =>
      !pods.some(
        (pod) =>
          isPodReady(pod) &&
          pod.metadata.labels?.[labels.release] === version &&
          pod.metadata.labels[labels.backend] === 'true',
      ),
  );
}

export function weightOf({ split }: World, release: string): number {
  return split?.spec.rules[0]?.backends.find(({ version }) => version === release)?.weight ?? 0;
}
