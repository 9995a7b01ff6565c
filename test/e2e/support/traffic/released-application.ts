/** An Application under load, and what a person does with it, by the API as every client has it. */
import { applications, type Application, type ApplicationSpec } from '@slipway/delivery/api/application';
import { createCommand, releaseCommands, type Verb } from '@slipway/delivery/api/release-command';
import {
  isFinished,
  releases,
  type Release,
  type ReleasePhase,
  type ReleaseStatus,
} from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { bringProgram, port } from './program.ts';

interface Goal {
  readonly version: string;
  readonly phases: readonly ReleasePhase[];
  /** A version that is released again has a second one. */
  readonly attempt?: number;
}

/** Where Applications are put. */
export interface Home {
  readonly client: KubeClient;
  /** Default `default`. */
  readonly namespace?: string | undefined;
  /** Default `embedded`: its pods see this checkout. */
  readonly kind?: 'embedded' | 'foreign' | undefined;
}

export interface ReleasedApplication {
  readonly name: string;
  readonly host: string;
  /** Asks for a version; later words on `spec` stay until others are said. */
  ask(version: string, changes?: Partial<ApplicationSpec>): Promise<void>;
  command(verb: Verb, version?: string): Promise<void>;
  /** Resolves when the release of a version is where it should be; rejects when it has ended elsewhere. */
  reaches(goal: Goal): Promise<Release>;
  /** Resolves when the split gives a version this share at least; `percent` from 0 to 100. */
  carries(version: string, percent: number): Promise<void>;
  /** Resolves when the release of a version waits for a person with exactly this share, confirmed. */
  stands(version: string, percent: number): Promise<void>;
  /** Resolves when something is true of the release of a version; rejects when it ends before. */
  until(version: string, isSo: (status: ReleaseStatus) => boolean): Promise<void>;
  releases(): readonly Release[];
  /** Until the end of the test. */
  close(): void;
}

export async function applicationOn(
  { client, namespace = 'default', kind = 'embedded' }: Home,
  name: string,
  spec: Partial<ApplicationSpec>,
): Promise<ReleasedApplication> {
  const template = await bringProgram({ client, namespace, kind }, name);
  const host = `${name}.localhost`;
  const stop = new AbortController();
  const informer = new Informer<Release>({
    client,
    type: releases,
    clock: systemClock,
    namespace,
    labelSelector: `${labels.application}=${name}`,
  });
  informer.start(stop.signal);
  await informer.synced();
  const until: ReleasedApplication['until'] = async (version, isSo) => {
    await firstOf(informer, ({ spec, status }) => {
      if (spec.version !== version || status === undefined) return 'open';
      return isSo(status) ? 'found' : faultOf(version, status);
    });
  };
  return {
    name,
    host,
    releases: () => informer.list(),
    ask: async (version, changes = {}) => {
      const body = application({ name, namespace, host, version, spec: { template, ...spec, ...changes } });
      await client.patch(
        applications,
        { namespace, name },
        { type: 'apply', body, force: true },
        { fieldManager: 'test' },
      );
    },
    command: async (verb, version) => {
      await client.create(releaseCommands, createCommand(verb, name, { namespace, version, requestedBy: 'the test' }));
    },
    reaches: (goal) => reached(informer, goal),
    carries: (version, percent) => until(version, (status) => weightOf(name, version, status) >= percent),
    stands: (version, percent) =>
      until(version, (status) => {
        const isThere = status.split?.confirmed === true && weightOf(name, version, status) === percent;
        return status.phase === 'Paused' && isThere;
      }),
    until,
    close: () => stop.abort(),
  };
}

function reached(informer: Informer<Release>, { version, phases, attempt = 0 }: Goal): Promise<Release> {
  return firstOf(informer, ({ spec, status }) => {
    if (spec.version !== version || status === undefined || (status.attempts?.length ?? 0) < attempt) return 'open';
    return phases.includes(status.phase) ? 'found' : faultOf(version, status);
  });
}

function faultOf(version: string, { phase, ending }: ReleaseStatus): 'open' | Error {
  return isFinished(phase) ? new Error(`version ${version} is ${phase}: ${ending?.reason ?? ''}`) : 'open';
}

function weightOf(application: string, version: string, { split }: ReleaseStatus): number {
  return split?.weights[`${application}-${version}`] ?? 0;
}

/** The first release, of those that are there and those to come, that is what is looked for. */
function firstOf(informer: Informer<Release>, judge: (release: Release) => 'found' | 'open' | Error): Promise<Release> {
  const { promise, resolve, reject } = Promise.withResolvers<Release>();
  const forget = informer.onChange(({ current }) => {
    const verdict = current === undefined ? 'open' : judge(current);
    if (verdict instanceof Error) reject(verdict);
    else if (verdict === 'found' && current !== undefined) resolve(current);
  });
  return promise.finally(forget);
}

function application(asked: {
  readonly name: string;
  readonly namespace: string;
  readonly host: string;
  readonly version: string;
  readonly spec: Partial<ApplicationSpec>;
}): Application {
  const { name, namespace, host, version, spec } = asked;
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace },
    spec: {
      version,
      replicas: 3,
      service: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      route: { hosts: [host] },
      healthCheck: { path: '/health', port, type: 'probe', timeoutSeconds: 30 },
      guardSeconds: 0,
      drainSeconds: 1,
      keepFailedSeconds: 0,
      ...spec,
    },
  };
}
