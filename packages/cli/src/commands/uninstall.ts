import { applications } from '@slipway/delivery/api/application';
import { archiveFinalizer, releases } from '@slipway/delivery/api/release';
import { controllerManifests, homeOf, kindManifests } from '@slipway/delivery/install/installation';
import type { Manifest } from '@slipway/delivery/install/manifest';
import { serverManifests } from '@slipway/delivery/install/server-installation';
import { serverName } from '@slipway/delivery/install/names';
import { controllerLease, teardownFinalizer } from '@slipway/delivery/names';
import type { AccessRight } from '@slipway/kube/access-right';
import type { KubeClient } from '@slipway/kube/client';
import { finalizerPatch, hasFinalizer } from '@slipway/kube/finalizers';
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { systemClock } from '@slipway/kube/platform/system-clock';
import {
  customResourceDefinitions,
  deployments,
  namespaces,
  persistentVolumeClaims,
  podDisruptionBudgets,
} from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { absentAsUndefined, isStatusReason } from '@slipway/kube/status-error';
import { limitTime } from '@slipway/kube/time-limit';
import { connect } from '../connection/connection.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { gone } from '../install/await-controllers.ts';
import { findLeader } from '../install/find-leader.ts';
import { refuseBesideOthers } from '../install/other-controllers.ts';
import { missingRights, refuseWithout } from '../install/rights.ts';
import { print, printValue } from '../output/output.ts';

export interface UninstallOptions extends GlobalOptions {
  readonly crds: boolean;
  readonly dryRun: boolean;
  readonly timeout: number;
}

interface Removal {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly outcome: 'removed' | 'absent' | 'kept';
}

interface Work {
  readonly client: KubeClient;
  readonly options: UninstallOptions;
  readonly signal: AbortSignal;
  readonly report: (removal: Removal) => void;
  /** What is to be removed, in this order. */
  readonly objects: readonly Manifest[];
}

/** Takes the controllers and their rights out of a cluster. What serves goes on serving: nothing of it depends on them. */
export async function uninstall(options: UninstallOptions): Promise<void> {
  if (options.crds && options.namespace !== undefined)
    throw usageFailure('--crds removes kinds of the whole cluster: give it without --namespace');
  const { client } = await connect(options);
  using limit = limitTime({
    clock: systemClock,
    milliseconds: options.timeout * 1_000,
    signal: new AbortController().signal,
    message: `not done within ${options.timeout} s`,
  });
  const { signal } = limit;
  const objects = [...(await serverObjects(client, options, signal)), ...controllerObjects(options)];
  refuseWithout(
    await missingRights(client, neededRights(options, objects), signal),
    'Ask an administrator of the cluster.',
  );
  if (options.crds) await refuseBesideOthers(client, undefined, signal);
  const removals: Removal[] = [];
  const report = (removal: Removal): void => {
    removals.push(removal);
    if (options.output === undefined) print(describeRemoval(removal, options));
  };
  const work: Work = { client, options, signal, report, objects };
  await removeControllers(work);
  if (options.crds) await removeKinds(work);
  if (options.output !== undefined) return printValue({ dryRun: options.dryRun, objects: removals }, options.output);
  if (!options.dryRun) print('What serves goes on serving; nothing acts on Applications any more.');
  return undefined;
}

/** In the opposite order of their making, and never the namespace: others may have put something into it. */
function controllerObjects(options: UninstallOptions): readonly Manifest[] {
  return controllerManifests({ namespace: options.namespace, image: '' })
    .filter(({ type }) => type.kind !== namespaces.kind)
    .toReversed();
}

/** Where it was installed: what it keeps stays, for whoever installs it again. */
async function serverObjects(
  client: KubeClient,
  options: UninstallOptions,
  signal: AbortSignal,
): Promise<readonly Manifest[]> {
  const key = { namespace: homeOf(options), name: serverName };
  const found = await absentAsUndefined(client.get(deployments, key, { signal })).catch((error: unknown) => {
    // That it may not be asked is said with everything else that may not be done.
    if (!isStatusReason(error, 'Forbidden')) throw error;
    return undefined;
  });
  if (found === undefined) return [];
  const { namespace } = options;
  const on = (secret: string | undefined): readonly Manifest[] => serverManifests({ namespace, image: '', secret });
  const budgets = on('any').filter(({ type }) => type.kind === podDisruptionBudgets.kind);
  return [...budgets, ...on(undefined).filter(({ type }) => type.kind !== persistentVolumeClaims.kind)].toReversed();
}

function neededRights(options: UninstallOptions, objects: readonly Manifest[]): readonly AccessRight[] {
  const kinds = options.crds ? kindManifests({}) : [];
  const removing = [...objects, ...kinds].flatMap(({ type, object: { metadata } }) =>
    ['get', 'delete'].map((verb) => ({ verb, type, namespace: metadata.namespace })),
  );
  const waiting = ['list', 'watch'].map((verb) => ({ verb, type: deployments, namespace: homeOf(options) }));
  const releasing = options.crds
    ? [
        ...[applications, releases].flatMap((type) => ['list', 'patch'].map((verb) => ({ verb, type }))),
        { verb: 'list', type: splits },
      ]
    : [];
  return [...removing, ...waiting, ...releasing];
}

/** The processes first, to their end: without their rights they could not give back the lease. */
async function removeControllers(work: Work): Promise<void> {
  for (const { type, object } of work.objects) {
    await remove(work, { type, object });
    if (type.kind === deployments.kind && !work.options.dryRun)
      await gone(type, { client: work.client, key: keyOf(object), signal: work.signal });
  }
}

async function remove({ client, options, signal, report }: Work, { type, object }: Manifest): Promise<void> {
  const key = keyOf(object);
  const { dryRun } = options;
  const named = {
    kind: type.kind,
    ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
    name: key.name,
  };
  try {
    // Foreground: it is gone when its pods are.
    await client.delete(type, key, { propagationPolicy: 'Foreground', dryRun, signal });
    report({ ...named, outcome: 'removed' });
  } catch (error) {
    if (!isStatusReason(error, 'NotFound')) throw error;
    report({ ...named, outcome: 'absent' });
  }
}

/**
 * Records go, what they record stays. The finalizer has to go first, for it asks a controller to take everything down; and
 * before that every controller, for one that sees an Application go would do so.
 */
async function removeKinds(work: Work): Promise<void> {
  const { client, options, signal } = work;
  if (!options.dryRun) {
    await refuseUnderLeader(work);
    await letGo(client, signal, { type: applications, finalizer: teardownFinalizer });
    // Nobody is left who would take it off one day.
    await letGo(client, signal, { type: releases, finalizer: archiveFinalizer });
  }
  const isRouting = await hasSplits(client, signal);
  for (const manifest of kindManifests({})) {
    // Gateways route by these: without them nobody would be served.
    if (isRouting && manifest.object.metadata.name === `${splits.plural}.${splits.group}`)
      work.report({ kind: customResourceDefinitions.kind, name: manifest.object.metadata.name, outcome: 'kept' });
    else await remove(work, manifest);
  }
}

async function refuseUnderLeader({ client, signal }: Work): Promise<void> {
  const leader = await findLeader({ client, lease: controllerLease, clock: systemClock, signal });
  if (leader === undefined) return;
  throw new CommandFailure(
    `The kinds were not removed: the controller ${leader} still acts, and would take down what serves.\n` +
      'Stop it first, wherever it runs; then run this again.',
  );
}

interface Held<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly finalizer: string;
}

async function letGo<T extends KubeObject>(
  client: KubeClient,
  signal: AbortSignal,
  { type, finalizer }: Held<T>,
): Promise<void> {
  for (const object of await listAll(() => client.list(type, { signal }))) {
    if (!hasFinalizer(object, finalizer)) continue;
    await client.patch(type, keyOf(object), finalizerPatch(object, { finalizer, present: false }), { signal });
  }
}

async function hasSplits(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  return (await listAll(() => client.list(splits, { signal }))).length > 0;
}

/** None where the kind is not installed. */
async function listAll<T extends KubeObject>(
  list: () => Promise<{ readonly items: readonly T[] }>,
): Promise<readonly T[]> {
  try {
    return (await list()).items;
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return [];
    throw error;
  }
}

function describeRemoval({ kind, namespace, name, outcome }: Removal, { dryRun }: UninstallOptions): string {
  const what = `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
  switch (outcome) {
    case 'removed':
      return `${what} ${dryRun ? 'would be removed' : 'removed'}`;
    case 'absent':
      return `${what} is not there`;
    case 'kept':
      return `${what} kept: gateways route by what is of it`;
  }
}
