/** What must hold of sessions: a version keeps them until they are over, it is too old, or too many came after it. */
import type { SplitBackend } from '@slipway/kube/split';
import { isFinished, type Release } from '../src/api/release.ts';
import { labels } from '../src/names.ts';
import type { Change } from './simulation/api.ts';
import { isLive } from './simulation/partitions.ts';
import { routerOf } from './simulation/routers.ts';
import { sessionRule } from './simulation/sessions.ts';
import { controllerTime, isPodReady, type World } from './simulation/world.ts';

/** Why a change of the split takes sessions from a version before their time; undefined where it does not. */
export function checkSessions({ before, action, after }: Change): string | undefined {
  const old = sessionRule(before.split?.spec);
  if (action.type !== 'setSplit' || old === undefined) return undefined;
  // Who asks for a router that has no sessions ends them.
  if (after.application.spec.route?.through !== undefined) return undefined;
  const next = sessionRule(after.split?.spec);
  if (next === undefined)
    return isOfAnother(after) || isUnrecorded(after)
      ? undefined
      : 'sessions: they end, and no release of another strategy has traffic';
  const staying = new Set(next.backends.map(({ version }) => version));
  const early = old.backends.filter(({ version }) => !staying.has(version)).find((backend) => isEarly(before, backend));
  return early === undefined ? undefined : `sessions: ${early.version} loses its own before their time`;
}

function isOfAnother({ releases }: World): boolean {
  return releases.some(({ spec, status }) => spec.strategy.type !== 'rainbow' && status !== undefined);
}

/** How the version that serves was released is known to nobody any more. */
function isUnrecorded({ application, releases }: World): boolean {
  const serving = application.status?.serving?.release;
  return serving !== undefined && !releases.some(({ metadata }) => metadata.name === serving);
}

function isEarly(world: World, { version, service }: SplitBackend): boolean {
  const { releases, application, split } = world;
  const release = releases.find(({ metadata }) => metadata.name === version);
  // Without a record, or refused: nobody is to be served by it.
  if (release?.status?.phase !== 'Succeeded') return false;
  const { maxAgeSeconds, maxVersions } = shortestTerms(releases);
  const since = replacedAt(release);
  const isOld = since !== undefined && controllerTime(world) - since >= maxAgeSeconds * 1_000;
  const named = new Set(sessionRule(split?.spec)?.backends.map((backend) => backend.version));
  const later = releases.filter(
    (each) => each !== release && named.has(each.metadata.name ?? '') && (replacedAt(each) ?? Infinity) > (since ?? 0),
  );
  const isBeyond = since !== undefined && later.length >= maxVersions;
  const isRolledBack = application.status?.serving?.release === version && releases.some(isReturning);
  return !isOld && !isBeyond && !isRolledBack && !isIdle(world, service);
}

/** Those in force are those of one of them, whatever spec says by now. */
function shortestTerms(releases: readonly Release[]): { readonly maxAgeSeconds: number; readonly maxVersions: number } {
  const all = releases.flatMap(({ spec: { strategy } }) =>
    strategy.type === 'rainbow' ? (strategy.rainbow ?? {}) : [],
  );
  return {
    maxAgeSeconds: Math.min(...all.map(({ maxAgeSeconds = 86_400 }) => maxAgeSeconds)),
    maxVersions: Math.min(...all.map(({ maxVersions = 3 }) => maxVersions)),
  };
}

function replacedAt({ status }: Release): number | undefined {
  return status?.servedUntil === undefined ? undefined : Date.parse(status.servedUntil);
}

function isReturning({ status }: Release): boolean {
  const isOpen = status !== undefined && !isFinished(status.phase);
  return isOpen && (status.attempts ?? []).some(({ outcome }) => outcome === 'Succeeded');
}

/** Every gateway of ours that lives says so: no other router counts sessions. */
function isIdle({ gateways, split, now }: World, service: string): boolean {
  const instances = split?.status?.instances ?? [];
  return gateways
    .filter((gateway) => isLive(gateway, now) && routerOf(gateway) === undefined)
    .every(({ name }) =>
      instances
        .find((instance) => instance.name === name)
        ?.backends?.some((backend) => backend.service === service && backend.sessions === 0),
    );
}

/** Where a look finds nothing to do, a version that keeps its sessions has a pod for them if any is ready. */
export function findDeserted({ application, pods, split }: World): string | undefined {
  if (application.spec.replicas === 0) return undefined;
  const named = sessionRule(split?.spec)?.backends ?? [];
  return named.find(({ version }) => {
    const ready = pods.filter((pod) => isPodReady(pod) && pod.metadata.labels?.[labels.release] === version);
    return ready.length > 0 && ready.every(({ metadata }) => metadata.labels?.[labels.backend] !== 'true');
  })?.version;
}
