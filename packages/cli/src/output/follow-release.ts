import { applications, type Application } from '@slipway/delivery/api/application';
import { releases, type Release } from '@slipway/delivery/api/release';
import { releaseCommands } from '@slipway/delivery/api/release-command';
import { labels } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { isStatusReason } from '@slipway/kube/status-error';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { fold } from './output.ts';
import { createProgress, type Progress, type ProgressState } from './progress.ts';
import { findAskedRelease, judge, type FollowOutcome, type Followed, type Goal } from './release-outcome.ts';

export interface FollowOptions {
  readonly client: KubeClient;
  /** As it was applied. */
  readonly application: Application;
  readonly until: Goal;
  /** Absent: as long as it takes. The release goes on without us. */
  readonly timeoutSeconds?: number | undefined;
  /** Lines to show below the release; called at each redraw. */
  readonly below?: (() => readonly string[]) | undefined;
  readonly progress?: Progress | undefined;
}

/** The interval at which counts that are not the release's own are redrawn. */
const redrawMilliseconds = 200;

/** After this time a command that nobody answered is waited for no longer: somebody may have deleted it. */
const commandMilliseconds = 30_000;

/** Shows a release as it moves and resolves when it is where it should be, has ended elsewhere, or takes too long. */
export async function followRelease(options: FollowOptions): Promise<FollowOutcome> {
  const progress = options.progress ?? (await createProgress());
  const stop = new AbortController();
  const { promise, resolve } = Promise.withResolvers<FollowOutcome>();
  let commands = await listCommands(options);
  const consider = (): void => {
    draw();
    const outcome = judge(look());
    if (outcome !== undefined) resolve(outcome);
  };
  const watched = observe(options, stop.signal, consider);
  const look = (): Followed => ({ ...watched(), commands });
  const draw = (): void => {
    const followed = look();
    const shown = findAskedRelease(followed);
    const state = shown === undefined ? describeAbsence(followed) : describeProgress(shown);
    const below = options.below?.() ?? [];
    progress.update({
      ...state,
      lines: [...state.lines, ...below],
      facts: [...(state.facts ?? []), ...below.map((line) => line.trim())],
    });
  };
  const forget = (): void => {
    commands = [];
    consider();
  };
  const timers = [
    setInterval(draw, redrawMilliseconds),
    setTimeout(forget, commandMilliseconds),
    ...timeout(options, () => resolve(timedOut(options, look()))),
  ];
  try {
    return await promise;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    stop.abort(new Error('followed to the end'));
    if (options.progress === undefined) await progress.done();
  }
}

/** Names of the commands that wait for the controller. Whoever may not see them does without. */
async function listCommands({ client, application }: FollowOptions): Promise<readonly string[]> {
  const { namespace, name } = application.metadata;
  try {
    const { items } = await client.list(releaseCommands, { namespace });
    return items.filter(({ spec }) => spec.application === name).map(({ metadata }) => metadata.name ?? '');
  } catch (error) {
    if (isStatusReason(error, 'Forbidden', 'NotFound')) return [];
    throw error;
  }
}

/** Microseconds tell a person nothing. */
function withShortTimes(text: string): string {
  return text.replaceAll(/(\d\d:\d\d:\d\d)\.\d+Z/g, '$1Z');
}

/** Keeps the Application and its releases in view; returns how to look at them. */
function observe(
  { client, application, until }: FollowOptions,
  signal: AbortSignal,
  onChange: () => void,
): () => Omit<Followed, 'commands'> {
  const { namespace, name = '' } = application.metadata;
  const informed = { client, clock: systemClock, namespace };
  const own = new Informer<Application>({ ...informed, type: applications, fieldSelector: `metadata.name=${name}` });
  const made = new Informer<Release>({ ...informed, type: releases, labelSelector: `${labels.application}=${name}` });
  for (const informer of [own, made]) {
    informer.onChange(onChange);
    informer.start(signal);
  }
  return () => ({ asked: application, current: own.list()[0], releases: made.list(), goal: until });
}

function timeout({ timeoutSeconds }: FollowOptions, onTimeout: () => void): readonly NodeJS.Timeout[] {
  return timeoutSeconds === undefined ? [] : [setTimeout(onTimeout, timeoutSeconds * 1_000)];
}

function timedOut({ timeoutSeconds = 0, until }: FollowOptions, followed: Followed): FollowOutcome {
  const release = findAskedRelease(followed);
  const { stage, detail } = release === undefined ? describeAbsence(followed) : describeProgress(release);
  const state = [stage, ...(detail === undefined ? [] : [detail])].join(', ');
  return {
    isReached: false,
    version: release?.spec.version ?? followed.asked.spec.version ?? '#',
    reason: `not ${until} within ${timeoutSeconds} s, and it goes on without this command. ${state}`,
    release,
  };
}

function describeAbsence({ asked }: Followed): ProgressState {
  const stage = `${asked.metadata.name ?? ''}: waiting for the delivery controller to see it`;
  return { lines: [stage], stage };
}

function describeProgress({ spec, status }: Release): ProgressState {
  const { replicas, split, health = [], phase = 'Pending' } = status ?? {};
  const waitingFor = status?.waitingFor === undefined ? undefined : withShortTimes(status.waitingFor);
  const weights = Object.entries(split?.weights ?? {}).map(([release, weight]) => `${release} ${weight} %`);
  const healthy = health.filter(({ outcome }) => outcome === 'passed').length;
  return {
    lines: [
      `${spec.application} ${spec.version} by ${spec.strategy.type}: ${phase}`,
      `  pods     ${replicas?.ready ?? 0}/${replicas?.desired ?? 0} ready, ${replicas?.serving ?? 0} serving, ${healthy} said that they are healthy`,
      `  split    ${weights.length === 0 ? '(none)' : weights.join(', ')}`,
      ...`  waiting  ${fold(waitingFor ?? '-', 11)}`.split('\n'),
    ],
    stage: `${spec.application} ${spec.version}: ${phase}`,
    facts: replicas === undefined ? [] : [`${replicas.ready}/${replicas.desired} pods ready`, ...weights],
    detail: waitingFor === undefined ? undefined : `waiting for ${waitingFor}`,
  };
}
