/** Somebody agrees to releases, before they are begun or promoted. */
import { formatTime } from '@slipway/kube/clock';
import { awaitedApprovals } from '../../src/api/awaited-approvals.ts';
import { hookTimes, type Hooks } from '../../src/api/hook.ts';
import { isFinished, type Release } from '../../src/api/release.ts';
import { labels } from '../../src/names.ts';
import { Violation } from '../violation.ts';
import type { Effect } from './effect.ts';
import { application, isBeingDeleted, type World } from './world.ts';

/** Also where there is no such release yet, or where nobody waits for it. */
export function approve(
  world: World,
  { release: index, hook }: { readonly release: number; readonly hook: string },
): World {
  return agree(world, world.releases.at(-1 - index)?.metadata.name ?? `${application}-${index + 1}`, hook);
}

function agree(world: World, release: string, hook: string): World {
  const metadata = { name: `${release}-${hook}-${world.revision}`, creationTimestamp: formatTime(world.now) };
  // To what is gone, or is going, nobody agrees.
  const agreed = isBeingDeleted(world.application) ? world.agreed : new Set([...world.agreed, `${release} ${hook}`]);
  return {
    ...world,
    revision: world.revision + 1,
    agreed,
    approvals: [...world.approvals, { metadata, spec: { application, release, hook } }],
  };
}

/** To everything that is under way, once; and once more where it is waited for, because what was too early is gone. */
export function approveAll(world: World, isUnheeded: boolean): World {
  if (isBeingDeleted(world.application)) return world;
  const isGiven = (release: Release, hook: string): boolean =>
    world.approvals.some(({ spec }) => spec.release === release.metadata.name && spec.hook === hook);
  const isAwaited = (release: Release, hook: string): boolean =>
    isUnheeded &&
    !isGiven(release, hook) &&
    awaitedApprovals(release).some((each) => each.isWaiting && each.hook === hook);
  const open = world.releases.filter(({ status }) => status === undefined || !isFinished(status.phase));
  return open.reduce(
    (before, release) =>
      hooksOf(release)
        .filter((hook) => !before.agreed.has(`${release.metadata.name} ${hook}`) || isAwaited(release, hook))
        .reduce((each, hook) => agree(each, release.metadata.name ?? '', hook), before),
    world,
  );
}

const named = new WeakMap<Hooks, readonly string[]>();

/** Names of those that somebody has to agree to. */
function hooksOf({ spec: { hooks } }: Release): readonly string[] {
  if (hooks === undefined) return none;
  const known = named.get(hooks) ?? approvalsAmong(hooks);
  named.set(hooks, known);
  return known;
}

const none: readonly string[] = [];

function approvalsAmong(hooks: Hooks): readonly string[] {
  return hookTimes
    .flatMap((time) => hooks[time] ?? [])
    .filter(({ approval }) => approval !== undefined)
    .map(({ name }) => name);
}

export const deleteApproval: Effect<'deleteApproval'> = ({ name }, world) => ({
  ...world,
  approvals: world.approvals.filter(({ metadata }) => metadata.name !== name),
});

/** Nothing of a version is made, and no traffic moves to it for good, before somebody has agreed to that. */
export function checkApprovals({ releases, replicaSets, agreed }: World): void {
  for (const release of releases) {
    const asked = hooksOf(release);
    if (asked.length === 0) continue;
    const { name = '' } = release.metadata;
    const isMade = replicaSets.some(({ metadata }) => metadata.labels?.[labels.release] === name);
    const done = [...(isMade ? ['agree'] : []), ...(release.status?.trafficMovedAt === undefined ? [] : ['confirm'])];
    const early = asked.find((hook) => done.includes(hook) && !agreed.has(`${name} ${hook}`));
    if (early !== undefined) throw new Violation(`approvals: nobody agreed to ${early} ${name}`);
  }
}
