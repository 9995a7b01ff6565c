import type { Application } from '@slipway/delivery/api/application';
import { isFinished, releases, type Release } from '@slipway/delivery/api/release';
import { identityOf, isSameIdentity, labels } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { createProgress, type Progress } from './progress.ts';

export interface FollowOptions {
  readonly client: KubeClient;
  readonly application: Application;
  readonly until: 'promoted' | 'succeeded';
  /** Lines to show below the release; called at each redraw. */
  readonly below?: (() => readonly string[]) | undefined;
  readonly progress?: Progress | undefined;
}

export interface FollowOutcome {
  readonly isReached: boolean;
  readonly version: string;
  readonly reason: string;
  readonly release: Release;
}

/** The interval at which counts that are not the release's own are redrawn. */
const redrawMilliseconds = 200;

/** Shows a release as it moves and resolves when it is where it should be, or has ended elsewhere. */
export async function followRelease(options: FollowOptions): Promise<FollowOutcome> {
  const { client, application } = options;
  const stop = new AbortController();
  const progress = options.progress ?? (await createProgress());
  const informer = new Informer<Release>({
    client,
    type: releases,
    clock: systemClock,
    namespace: application.metadata.namespace,
    labelSelector: `${labels.application}=${application.metadata.name ?? ''}`,
  });
  const { promise, resolve } = Promise.withResolvers<FollowOutcome>();
  let shown: Release | undefined;
  const draw = (): void => {
    if (shown !== undefined)
      progress.update([...describeProgress(shown), ...(options.below?.() ?? [])], summarize(shown));
  };
  informer.onChange(({ current }) => {
    if (current === undefined || !isAskedBy(current, application)) return;
    shown = current;
    draw();
    const outcome = outcomeOf(current, options.until);
    if (outcome !== undefined) resolve(outcome);
  });
  const timer = setInterval(draw, redrawMilliseconds);
  informer.start(stop.signal);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    stop.abort(new Error('followed to the end'));
    if (options.progress === undefined) await progress.done();
  }
}

function isAskedBy(release: Release, { spec }: Application): boolean {
  const isVersion = spec.version === undefined || spec.version === '#' || release.spec.version === spec.version;
  return isVersion && isSameIdentity(release.spec.identity, identityOf(spec));
}

function outcomeOf(release: Release, until: FollowOptions['until']): FollowOutcome | undefined {
  const { status } = release;
  const base = { version: release.spec.version, release };
  if (status === undefined) return undefined;
  if (status.phase === 'Succeeded' || (until === 'promoted' && status.phase === 'Guarding'))
    return { ...base, isReached: true, reason: '' };
  return isFinished(status.phase)
    ? { ...base, isReached: false, reason: `${status.phase}: ${status.ending?.reason ?? 'no reason was recorded'}` }
    : undefined;
}

/** The whole picture, for a terminal. */
function describeProgress({ spec, status }: Release): readonly string[] {
  const { replicas, split, health = [] } = status ?? {};
  const weights = Object.entries(split?.weights ?? {}).map(([release, weight]) => `${release} ${weight} %`);
  const healthy = health.filter(({ outcome }) => outcome === 'passed').length;
  return [
    `${spec.application} ${spec.version} by ${spec.strategy.type}: ${status?.phase ?? 'Pending'}`,
    `  pods     ${replicas?.ready ?? 0}/${replicas?.desired ?? 0} ready, ${replicas?.serving ?? 0} serving, ${healthy} said that they are healthy`,
    `  split    ${weights.length === 0 ? '(none)' : weights.join(', ')}`,
    `  waiting  ${status?.waitingFor ?? '-'}`,
  ];
}

/** One line, for a log. */
function summarize({ spec, status }: Release): string {
  return `${spec.application} ${spec.version}: ${status?.phase ?? 'Pending'}${status?.waitingFor === undefined ? '' : `, waiting for ${status.waitingFor}`}`;
}
