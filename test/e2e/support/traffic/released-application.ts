/** The Application of the load test, and what a person does with it, by the API as every client has it. */
import { fileURLToPath } from 'node:url';
import { applications, type Application, type ApplicationSpec } from '@slipway/delivery/api/application';
import { createCommand, releaseCommands, type Verb } from '@slipway/delivery/api/release-command';
import { isFinished, releases, type Release, type ReleasePhase } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { checkoutMount, checkoutVolume } from '../checkout-volume.ts';

const namespace = 'default';
const program = fileURLToPath(new URL('./application.ts', import.meta.url));
const port = 8080;

interface Goal {
  readonly version: string;
  readonly phases: readonly ReleasePhase[];
  /** A version that is released again has a second one. */
  readonly attempt?: number;
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
  releases(): readonly Release[];
  /** Until the end of the test. */
  close(): void;
}

export async function applicationOn(
  client: KubeClient,
  name: string,
  spec: Partial<ApplicationSpec>,
): Promise<ReleasedApplication> {
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
  return {
    name,
    host,
    releases: () => informer.list(),
    ask: async (version, changes = {}) => {
      const body = application({ name, host, version, spec: { ...spec, ...changes } });
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
    carries: async (version, percent) => {
      await firstOf(informer, ({ metadata, spec, status }) => {
        const weight = status?.split?.weights[metadata.name ?? ''] ?? 0;
        return spec.version === version && weight >= percent ? 'found' : 'open';
      });
    },
    close: () => stop.abort(),
  };
}

function reached(informer: Informer<Release>, { version, phases, attempt = 0 }: Goal): Promise<Release> {
  return firstOf(informer, ({ spec, status }) => {
    const { phase, attempts = [], ending } = status ?? {};
    if (spec.version !== version || phase === undefined || attempts.length < attempt) return 'open';
    if (phases.includes(phase)) return 'found';
    return isFinished(phase) ? new Error(`version ${version} is ${phase}: ${ending?.reason ?? ''}`) : 'open';
  });
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
  readonly host: string;
  readonly version: string;
  readonly spec: Partial<ApplicationSpec>;
}): Application {
  const { name, host, version, spec } = asked;
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace },
    spec: {
      version,
      replicas: 3,
      template: {
        spec: {
          volumes: [checkoutVolume],
          containers: [
            {
              name: 'application',
              image: 'node:24',
              command: ['node', program],
              volumeMounts: [checkoutMount],
              ports: [{ name: 'http', containerPort: port }],
              readinessProbe: { httpGet: { path: '/health', port: 'http' } },
            },
          ],
        },
      },
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
