/** Whether whoever asks may do what a command is about to do: asked before it does any of it. */
import { isRightHeld, type AccessRight } from '@slipway/kube/access-right';
import type { KubeClient } from '@slipway/kube/client';
import type { Manifest } from '@slipway/delivery/install/manifest';
import { clusterRoles, roles } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { CommandFailure } from '../failure.ts';
import { writeManifest, type Writing } from './write-manifests.ts';

/** Those that are not held, each once. */
export async function missingRights(
  client: KubeClient,
  rights: readonly AccessRight[],
  signal: AbortSignal,
): Promise<readonly AccessRight[]> {
  const distinct = new Map(rights.map((right) => [describeRight(right), right]));
  const missing: AccessRight[] = [];
  for (const right of distinct.values()) if (!(await isRightHeld(client, right, signal))) missing.push(right);
  return missing;
}

/** `create roles.rbac.authorization.k8s.io in the namespace shop` */
export function describeRight({ verb, type: { plural, group }, namespace }: AccessRight): string {
  const resource = group === '' ? plural : `${plural}.${group}`;
  return `${verb} ${resource}${namespace === undefined ? '' : ` in the namespace ${namespace}`}`;
}

/** Nothing has been written yet, and nothing will be. */
export function refuseWithout(missing: readonly AccessRight[], hint: string): void {
  if (missing.length === 0) return;
  throw new CommandFailure(
    ['Nothing was changed: this user may not', ...missing.map((right) => `  ${describeRight(right)}`), hint].join('\n'),
  );
}

/** To write what stands in manifests, and to see what was there before. */
export function manifestRights(manifests: readonly Manifest[]): readonly AccessRight[] {
  return manifests.flatMap(({ type, object }) =>
    ['get', 'create', 'patch'].map((verb) => ({ verb, type, namespace: object.metadata.namespace })),
  );
}

/** Nobody gives away what he does not hold: only the server itself knows whether a role may be written. */
export async function grantableRoles(manifests: readonly Manifest[], writing: Writing): Promise<void> {
  const written = manifests.filter(({ type }) => type.kind === clusterRoles.kind || type.kind === roles.kind);
  for (const manifest of written) {
    try {
      await writeManifest(manifest, { ...writing, dryRun: true });
    } catch (error) {
      if (!isStatusReason(error, 'Forbidden')) throw error;
      throw new CommandFailure(
        `Nothing was changed: the rights of the controllers may not be given.\n${error.message}`,
        {
          cause: error,
        },
      );
    }
  }
}
