/** Where a system ends that nothing disturbs any more. */
import { carriersOf } from '@slipway/kube/split';
import { askedCarrier, mainCarrier } from '../src/carriers.ts';
import { isFinished } from '../src/api/release.ts';
import { Violation } from './violation.ts';
import { isBeingDeleted, isGone, type World } from './simulation/world.ts';

export function isAtRest(world: World): boolean {
  const { application, releases, commands, approvals } = world;
  if (isBeingDeleted(application)) return isGone(application) && world.pods.length === 0;
  if (commands.length > 0 || application.status?.settling !== undefined) return false;
  if (application.spec.replicas === 0) return true;
  if (approvals.length > 0 || isHandingOver(world)) return false;
  if (releases.some(({ status }) => status === undefined || !isFinished(status.phase))) return false;
  const serving = application.status?.serving?.release;
  return serving === undefined ? isUnserved(world) : hasAllPods(world, serving) && hasAllTraffic(world, serving);
}

/** From one router to another. */
function isHandingOver({ application, split }: World): boolean {
  if (application.spec.route === undefined || split === undefined) return false;
  const carriers = carriersOf(split.spec);
  return carriers.length > 1 || carriers[0] !== mainCarrier(askedCarrier(application));
}

/**
 * What failed without a version before it is kept for a look, and nothing leads to it. A version whose record was deleted
 * serves on, if nothing can take its place.
 */
function isUnserved({ pods, split, replicaSets, releases }: World): boolean {
  const known = new Set(releases.map(({ metadata }) => metadata.name));
  const labelled = [...pods, ...replicaSets.map(({ spec }) => ({ metadata: spec?.template?.metadata ?? {} }))];
  const isClosed = split?.spec.rules[0]?.backends.every(({ version }) => !known.has(version)) ?? true;
  return (
    isClosed &&
    labelled.every(
      ({ metadata: { labels } }) =>
        labels?.['slipway.dev/serves'] === undefined || !known.has(labels['slipway.dev/release']),
    )
  );
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

/** At rest everything says how it ended and why, and what serves is what spec asks for, or it is said why not. */
export function checkRest(world: World): void {
  if (isGone(world.application)) return;
  const broken = [findUnexplained(world), findUnsaid(world), findUnsynced(world)].find((each) => each !== undefined);
  if (broken !== undefined) throw new Violation(`rest: ${broken}`);
}

function findUnexplained({ releases }: World): string | undefined {
  const silent = releases.find(({ status }) => {
    const isBack = status?.phase === 'RolledBack' || status?.phase === 'Failed';
    const { reason = '', by = '' } = status?.ending ?? {};
    return isBack && (reason === '' || by === '' || status.finishedAt === undefined);
  });
  return silent === undefined ? undefined : `${silent.metadata.name} is ${silent.status?.phase} and does not say why`;
}

/** Nothing is under way, and so nobody is told that something is. */
function findUnsaid({ application: { spec, status } }: World): string | undefined {
  if (spec.replicas === 0) return undefined;
  const phase = status?.serving === undefined ? 'Pending' : 'Stable';
  if (status?.phase !== phase) return `the phase is ${status?.phase} and not ${phase}`;
  if (status.candidate !== undefined) return `${status.candidate} is called a candidate`;
  const claimed = status.conditions?.find(
    ({ type, status: is }) => (type === 'Progressing' || type === 'Paused') && is === 'True',
  );
  return claimed === undefined ? undefined : `${claimed.type} is True: ${claimed.reason}`;
}

function findUnsynced({ application: { spec, status }, releases }: World): string | undefined {
  if (spec.replicas === 0) return undefined;
  const serving = releases.find(({ metadata }) => metadata.name === status?.serving?.release);
  const synced = status?.conditions?.find(({ type }) => type === 'Synced');
  const isAsked = serving?.spec.template.spec?.containers[0]?.image === spec.template?.spec?.containers[0]?.image;
  const isSaid = synced?.status === 'False' && synced.reason !== undefined && (synced.message ?? '') !== '';
  return isAsked || isSaid
    ? undefined
    : `${serving?.metadata.name} serves, spec asks for something else, and Synced is ${synced?.status}`;
}
