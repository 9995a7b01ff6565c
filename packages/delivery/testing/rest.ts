/** Where a system ends that nothing disturbs any more. */
import { isFinished } from '../src/api/release.ts';
import type { World } from './simulation/world.ts';

export function isAtRest(world: World): boolean {
  const { application, releases, commands } = world;
  if (commands.length > 0) return false;
  if (application.spec.replicas === 0) return true;
  if (releases.some(({ status }) => status === undefined || !isFinished(status.phase))) return false;
  const serving = application.status?.serving?.release;
  return serving === undefined ? isUnserved(world) : hasAllPods(world, serving) && hasAllTraffic(world, serving);
}

/** What failed without a version before it is kept for a look, and nothing leads to it. */
function isUnserved({ pods, split, replicaSets }: World): boolean {
  const labelled = [...pods, ...replicaSets.map(({ spec }) => ({ metadata: spec?.template?.metadata ?? {} }))];
  return split === undefined && labelled.every(({ metadata }) => metadata.labels?.['slipway.dev/serves'] === undefined);
}

function hasAllPods({ application, pods }: World, serving: string): boolean {
  const isWhole = pods.every(
    ({ metadata: { labels } }) =>
      labels?.['slipway.dev/release'] === serving && labels['slipway.dev/serves'] === 'true',
  );
  return isWhole && pods.length === application.spec.replicas;
}

function hasAllTraffic({ split }: World, serving: string): boolean {
  const carrying = split?.spec.rules[0]?.backends.filter(({ weight }) => weight > 0);
  return carrying === undefined || (carrying.length === 1 && carrying[0]?.version === serving);
}

export function describeWorld({ application, releases, pods, split }: World): string {
  return JSON.stringify({
    serving: application.status?.serving?.release,
    replicas: application.spec.replicas,
    waitingFor: application.status?.waitingFor,
    releases: releases.map(({ metadata, status }) => `${metadata.name}:${status?.phase}:${status?.waitingFor ?? ''}`),
    pods: pods.map(
      ({ metadata, status }) =>
        `${metadata.labels?.['slipway.dev/release']}${status === undefined ? '?' : ''}${metadata.labels?.['slipway.dev/serves'] ?? ''}`,
    ),
    split: split?.spec.rules[0]?.backends,
  });
}
