/** Lets go of deleted Releases that wait for a server to write them down and have waited long enough. */
import type { KubeClient } from '@slipway/kube/client';
import type { Controller, Plan } from '@slipway/kube/controller';
import { source, type ControllerSource } from '@slipway/kube/controller-runtime';
import { finalizerPatch, hasFinalizer } from '@slipway/kube/finalizers';
import type { Informer } from '@slipway/kube/informer';
import { keyOf } from '@slipway/kube/object';
import { archiveFinalizer, releases, type Release } from '../api/release.ts';
import { fieldManager } from '../names.ts';

interface DropFinalizer {
  readonly release: Release;
}

/** A server that is away longer than this has lost what it did not write down. */
const patienceMilliseconds = 3_600_000;

export function createArchiveController(
  cache: Informer<Release>,
  client: KubeClient,
): Controller<Release, DropFinalizer> {
  return {
    name: 'archive',
    observe: (key) => cache.get(key),
    reconcile: planRelease,
    apply: async ({ actions }) => {
      for (const { release } of actions) {
        const patch = finalizerPatch(release, { finalizer: archiveFinalizer, present: false });
        await client.patch(releases, keyOf(release), patch, { fieldManager });
      }
    },
  };
}

export function planRelease(release: Release, now: number): Plan<DropFinalizer> {
  const { deletionTimestamp } = release.metadata;
  if (deletionTimestamp === undefined || !hasFinalizer(release, archiveFinalizer)) return { actions: [] };
  const left = Date.parse(deletionTimestamp) + patienceMilliseconds - now;
  if (left > 0) return { actions: [], requeueAfter: left };
  return { actions: [{ release }] };
}

export function createArchiveSources(cache: Informer<Release>): readonly ControllerSource[] {
  return [source(cache, ({ current }) => (current?.metadata.deletionTimestamp === undefined ? [] : [keyOf(current)]))];
}
