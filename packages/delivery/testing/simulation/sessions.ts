/** Users with cookies, as the gateways of the simulation see them. */
import type { Pod } from '@slipway/kube/api.generated';
import type { SplitInstanceStatus, SplitRule, SplitSpec } from '@slipway/kube/split';
import { labels } from '../../src/names.ts';
import { isPodReady, type Gateway, type SeenSessions, type World } from './world.ts';

type Seen = Gateway['sessions'];

/** With each new routing: a version that it names for the first time is counted from now on. */
export function startSessions(sessions: Seen, spec: SplitSpec | undefined, now: number): Seen {
  const rule = sessionRule(spec);
  return new Map(
    (rule?.backends ?? []).map(({ version }) => [version, sessions.get(version) ?? { since: now, users: new Map() }]),
  );
}

export function sessionRule(spec: SplitSpec | undefined): SplitRule | undefined {
  const [rule] = spec?.rules ?? [];
  return rule?.sessions === undefined ? undefined : rule;
}

/** What the gateway says of each version: no number where it has seen nobody, and not long enough. */
export function sessionCounts(gateway: Gateway, now: number): NonNullable<SplitInstanceStatus['backends']> {
  const rule = sessionRule(gateway.inForce);
  const idle = (rule?.sessions?.idleSeconds ?? 0) * 1_000;
  return (rule?.backends ?? []).map(({ service, version }) => {
    const seen = gateway.sessions.get(version) ?? { since: now, users: new Map<number, number>() };
    const count = [...seen.users.values()].filter((at) => at > now - idle).length;
    const isKnown = count > 0 || now - seen.since >= idle;
    return { service, version, openConnections: 0, openRequests: 0, ...(isKnown ? { sessions: count } : {}) };
  });
}

/** Somebody may still be counted who is not heard of any more: that ends by itself. */
export function hasFormerSessions({ gateways, now }: World): boolean {
  return gateways.some((gateway) => {
    const zeros = sessionRule(gateway.inForce)?.backends.filter(({ weight }) => weight === 0) ?? [];
    const counts = sessionCounts(gateway, now);
    return zeros.some(({ version }) => counts.find((each) => each.version === version)?.sessions !== 0);
  });
}

export interface Visit {
  readonly user: number;
  readonly gateway: number;
}

/** One request of a user: to the version in his cookie where that still has a pod, and otherwise by weight. */
export function visit(world: World, { user, gateway: index }: Visit): World {
  const gateway = world.gateways[index % world.gateways.length];
  const rule = gateway?.isAlive === true ? sessionRule(gateway.inForce) : undefined;
  if (gateway === undefined || rule === undefined || world.sessionKey === undefined) return world;
  const ready = rule.backends.filter(({ version }) => hasBackend(world.pods, version));
  const served = ready.find(({ version }) => version === world.homes[user]) ?? ready.find(({ weight }) => weight > 0);
  if (served === undefined) return world;
  const { version } = served;
  const before: SeenSessions = gateway.sessions.get(version) ?? { since: world.now, users: new Map() };
  const seen = { ...before, users: new Map(before.users).set(user, world.now) };
  const sessions = new Map(gateway.sessions).set(version, seen);
  return {
    ...world,
    homes: world.homes.map((home, at) => (at === user ? version : home)),
    gateways: world.gateways.map((each) => (each === gateway ? { ...each, sessions } : each)),
  };
}

function hasBackend(pods: readonly Pod[], version: string): boolean {
  return pods.some(
    (pod) =>
      isPodReady(pod) &&
      pod.metadata.labels?.[labels.release] === version &&
      pod.metadata.labels[labels.backend] === 'true',
  );
}
