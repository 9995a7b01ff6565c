import type { SplitInstanceStatus } from '@slipway/kube/split';
import type { BackendLoad } from './data-plane.ts';

type ReportedLoad = NonNullable<SplitInstanceStatus['backends']>[number];

/** Loads by their Split. */
export type LoadIndex = ReadonlyMap<string, readonly BackendLoad[]>;

/** A number of sessions that differs by less than this part of what was told is no news. */
const newsPart = 0.05;

export function indexLoads(loads: readonly BackendLoad[]): LoadIndex {
  return Map.groupBy(loads, ({ namespace, split = '' }) => splitKey({ namespace, name: split }));
}

export function loadsOf(
  index: LoadIndex,
  split: { readonly namespace: string; readonly name: string },
): readonly BackendLoad[] {
  return index.get(splitKey(split)) ?? [];
}

/**
 * What a Split is told: what drains, exactly, because somebody waits for it to end; and sessions. As long as there are some
 * the rest changes with every request and nobody waits for it, so that it stays as it was told until sessions are news.
 */
export function reportedLoads(
  loads: readonly BackendLoad[],
  { serving, told }: { readonly serving: ReadonlySet<string>; readonly told: readonly ReportedLoad[] },
): readonly ReportedLoad[] {
  return loads.flatMap((load) => {
    const isServing = serving.has(versionKey(load));
    const { service, version, openConnections, openRequests, sessions } = load;
    if (isServing && sessions === undefined) return [];
    const current: ReportedLoad = {
      service,
      version,
      openConnections,
      openRequests,
      ...(sessions === undefined ? {} : { sessions }),
    };
    if (!isServing && (sessions ?? 0) === 0) return [current];
    const before = told.find((one) => one.service === service && one.version === version);
    return [before === undefined || isNews(before.sessions, sessions) ? current : before];
  });
}

function isNews(before: number | undefined, now = 0): boolean {
  if (before === undefined || (before === 0) !== (now === 0)) return true;
  return Math.abs(now - before) >= Math.max(1, before * newsPart);
}

/** Without the versions that have some: their numbers can wait. */
export function withoutSessions({ backends = [], ...rest }: SplitInstanceStatus): SplitInstanceStatus {
  return { ...rest, backends: backends.filter(({ sessions = 0 }) => sessions === 0) };
}

/** What changes with every request: without it the same versions drain and are counted, and each has something left or nothing. */
export function withoutNumbers({ backends, traffic, ...rest }: SplitInstanceStatus): SplitInstanceStatus {
  return {
    ...rest,
    ...(backends === undefined ? {} : { backends: backends.map(withoutNumbersOf) }),
    ...(traffic === undefined
      ? {}
      : { traffic: traffic.map(({ version }) => ({ version, requests: 0, serverErrors: 0, durations: [] })) }),
  };
}

function withoutNumbersOf({ openConnections, openRequests, ...load }: ReportedLoad): ReportedLoad {
  return { ...load, openConnections: Math.min(1, openConnections), openRequests: Math.min(1, openRequests) };
}

export function versionKey(backend: {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
}): string {
  return `${backend.namespace} ${backend.service} ${backend.version}`;
}

function splitKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
