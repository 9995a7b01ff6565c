/** One run of a hook: which one it is, by what name it is known, and what it is told. */
import type { Hook, HookTime } from '../api/hook.ts';
import type { Release } from '../api/release.ts';
import { backendName, digest } from '../names.ts';
import type { Observation } from '../observation.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { attemptOf } from '../release-status.ts';

export interface HookRun {
  readonly hook: Hook;
  readonly during: HookTime;
  readonly attempt: number;
  /** From release, attempt and hook: a second start finds that there is one. */
  readonly key: string;
}

export function hookRun(
  { release, status }: Pick<ReleaseContext, 'release' | 'status'>,
  hook: Hook,
  during: HookTime,
): HookRun {
  const attempt = attemptOf(status);
  return { hook, during, attempt, key: hookKey(release, attempt, hook.name) };
}

/** `shop-migrate-3f2a90c1d4e5`, at most 63 characters: pods are told by a label whose Job they are of. */
function hookKey(release: Release, attempt: number, hook: string): string {
  const { application, applicationUid } = release.spec;
  const hash = digest([applicationUid, nameOf(release), attempt, hook]).slice(0, 12);
  return `${`${application}-${hook}`.slice(0, 50).replace(/-+$/, '')}-${hash}`;
}

export interface HookFacts {
  readonly application: string;
  readonly version: string;
  /** Empty: none was stable. */
  readonly stableVersion: string;
  readonly release: string;
  readonly attempt: number;
  /** Of the Service of the new version, inside the cluster; empty where the Application has none. */
  readonly candidateUrl: string;
}

type Scene = Pick<ReleaseContext, 'release' | 'stable'> & {
  readonly observation: Pick<Observation, 'application' | 'services'>;
};

export function hookFacts({ release, stable, observation }: Scene, { attempt }: HookRun): HookFacts {
  const { application, version } = release.spec;
  return {
    application,
    version,
    stableVersion: stable?.release.spec.version ?? '',
    release: nameOf(release),
    attempt,
    candidateUrl: candidateUrl(observation, release),
  };
}

/** By the address, once the Service has one: not every cluster resolves names. */
function candidateUrl({ application, services }: Scene['observation'], release: Release): string {
  const port = application.spec.service?.ports?.[0]?.port;
  const name = backendName(release.spec);
  const address = services.find(({ metadata }) => metadata.name === name)?.spec?.clusterIP;
  const isAddress = address !== undefined && address !== '' && address !== 'None';
  const host = isAddress ? address : `${name}.${release.metadata.namespace ?? 'default'}.svc`;
  return port === undefined ? '' : `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
