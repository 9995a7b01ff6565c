/** What must have happened before a version without traffic gets any, as the cluster has it on record. */
import type { CanaryStep } from '../src/api/application.ts';
import type { Hook } from '../src/api/hook.ts';
import type { Release, ReleaseStatus } from '../src/api/release.ts';
import { labels } from '../src/names.ts';
import type { Change } from './simulation/api.ts';
import { controllerTime, isPodReady, type World } from './simulation/world.ts';

/** Why the first traffic of a version is too early; undefined where none begins, or it may. */
export function checkFirstTraffic({ before, after, action }: Change): string | undefined {
  if (action.type !== 'setSplit' && action.type !== 'setServing') return undefined;
  const known = versionsWithTraffic(before);
  for (const name of versionsWithTraffic(after)) {
    const release = known.has(name) ? undefined : before.releases.find(({ metadata }) => metadata.name === name);
    const missing = release === undefined || isAdmitted(before, release) ? undefined : findMissing(before, release);
    if (missing !== undefined) return `gates: ${name} gets its first traffic without ${missing}`;
  }
  return undefined;
}

function versionsWithTraffic({ split, pods }: World): ReadonlySet<string> {
  const weighed = (split?.spec.rules[0]?.backends ?? []).filter(({ weight }) => weight > 0);
  const serving = pods.filter(({ metadata }) => metadata.labels?.[labels.serves] === 'true');
  return new Set([
    ...weighed.map(({ version }) => version),
    ...serving.map(({ metadata }) => metadata.labels?.[labels.release] ?? ''),
  ]);
}

/** It is or was stable; or its release has not ended, and all traffic had moved to it before, or a person answers for it. */
export function isAdmitted({ application }: World, { metadata, status }: Release): boolean {
  if (application.status?.serving?.release === metadata.name || status?.phase === 'Succeeded') return true;
  if (status?.finishedAt !== undefined) return false;
  return status?.promotedBy !== undefined || status?.trafficMovedAt !== undefined;
}

function findMissing(world: World, { metadata, spec, status = { phase: 'Pending' } }: Release): string | undefined {
  const isHealthy = world.pods.some(
    (pod) =>
      pod.metadata.labels?.[labels.release] === metadata.name &&
      isPodReady(pod) &&
      world.healthy.has(pod.metadata.uid ?? ''),
  );
  if (spec.healthCheck !== undefined && !isHealthy && status.healthyAt === undefined) return 'a pod that is healthy';
  if (status.ending !== undefined) return 'going forward';
  const { blueGreen, canary } = spec.strategy;
  const isCompared = world.application.status?.serving !== undefined;
  const index = status.stepIndex ?? 0;
  const steps = isCompared ? (canary?.steps ?? []).slice(0, index + 1) : [];
  const isAtStep = isCompared && index < (canary?.steps ?? []).length;
  if (isAtStep && !isSharing(steps)) return `the end of step ${index}`;
  if (isCompared && blueGreen?.autoPromote === false) return 'its promotion';
  const { promoteAfterSeconds = 0 } = blueGreen ?? {};
  const due = Date.parse(status.healthyAt ?? '') + promoteAfterSeconds * 1_000;
  // Where there is no such time, the clock may stand before the health.
  const early = promoteAfterSeconds > 0 && due > controllerTime(world);
  if (isCompared && early && status.phase !== 'Promoting') return 'the time of its promotion';
  const { beforeRelease = [], beforePromotion = [] } = spec.hooks ?? {};
  const open = [...beforeRelease, ...(isAtStep ? [] : beforePromotion)].find((hook) => !isDone(hook, status));
  return open === undefined ? undefined : `hook ${open.name}`;
}

function isSharing(steps: readonly CanaryStep[]): boolean {
  return (steps.findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0) > 0;
}

function isDone({ name, everyAttempt = false }: Hook, { gates = [], attempts = [] }: ReleaseStatus): boolean {
  const gate = gates.find((each) => each.name === name && each.during !== undefined);
  return gate?.outcome === 'passed' && (!everyAttempt || gate.attempt === attempts.at(-1)?.number);
}
