/** An Application and its releases kept in view, and shown, until what is waited for has come about or will not. */
import { applications, type Application } from '@slipway/delivery/api/application';
import { releases, type Release } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { fold } from './output.ts';
import { createProgress, type Progress, type ProgressState } from './progress.ts';

export interface Seen {
  /** As the controller sees it now; undefined before it is known. */
  readonly current: Application | undefined;
  readonly releases: readonly Release[];
}

export interface Following<Outcome> {
  readonly client: KubeClient;
  readonly application: { readonly namespace: string | undefined; readonly name: string };
  /** The release to show; undefined before it is known. */
  find(seen: Seen): Release | undefined;
  /** Asked at every change, and again and again: time decides too. Undefined: it goes on. */
  judge(seen: Seen): Outcome | undefined;
  /** What is shown before there is a release. */
  readonly absence: string;
  /** Absent: as long as it takes. The release goes on without us. */
  readonly timeoutSeconds?: number | undefined;
  /** `state`: how far it has come, in words. */
  onTimeout(seen: Seen, state: string): Outcome;
  /** Lines to show below the release; called at each redraw. */
  readonly below?: (() => readonly string[]) | undefined;
  readonly progress?: Progress | undefined;
}

/** The interval at which counts that are not the release's own are redrawn. */
const redrawMilliseconds = 200;

export async function follow<Outcome>(following: Following<Outcome>): Promise<Outcome> {
  const progress = following.progress ?? (await createProgress());
  const stop = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const describe = (seen: Seen): ProgressState => {
    const shown = following.find(seen);
    return shown === undefined ? { lines: [following.absence], stage: following.absence } : describeProgress(shown);
  };
  const consider = (): void => {
    const seen = look();
    progress.update(withBelow(describe(seen), following.below?.() ?? []));
    const outcome = following.judge(seen);
    if (outcome !== undefined) resolve(outcome);
  };
  const look = observe(following, stop.signal, consider);
  const onTimeout = (): void => {
    const seen = look();
    const { stage, detail } = describe(seen);
    resolve(following.onTimeout(seen, [stage, ...(detail === undefined ? [] : [detail])].join(', ')));
  };
  const timers = [setInterval(consider, redrawMilliseconds), ...limit(following.timeoutSeconds, onTimeout)];
  try {
    return await promise;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    stop.abort(new Error('followed to the end'));
    if (following.progress === undefined) await progress.done();
  }
}

function limit(seconds: number | undefined, onTimeout: () => void): readonly NodeJS.Timeout[] {
  return seconds === undefined ? [] : [setTimeout(onTimeout, seconds * 1_000)];
}

/** Keeps the Application and its releases in view; returns how to look at them. */
function observe(
  { client, application: { namespace, name } }: Pick<Following<unknown>, 'client' | 'application'>,
  signal: AbortSignal,
  onChange: () => void,
): () => Seen {
  const informed = { client, clock: systemClock, namespace };
  const own = new Informer<Application>({ ...informed, type: applications, fieldSelector: `metadata.name=${name}` });
  const made = new Informer<Release>({ ...informed, type: releases, labelSelector: `${labels.application}=${name}` });
  for (const informer of [own, made]) {
    informer.onChange(onChange);
    informer.start(signal);
  }
  return () => ({ current: own.list()[0], releases: made.list() });
}

function withBelow(state: ProgressState, below: readonly string[]): ProgressState {
  return {
    ...state,
    lines: [...state.lines, ...below],
    facts: [...(state.facts ?? []), ...below.map((line) => line.trim())],
  };
}

/** Microseconds tell a person nothing. */
function withShortTimes(text: string): string {
  return text.replaceAll(/(\d\d:\d\d:\d\d)\.\d+Z/g, '$1Z');
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
