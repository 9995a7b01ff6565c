import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import { formatLabelSelector } from '@slipway/kube/selector';
import { StatusError } from '@slipway/kube/status-error';
import { ageColumn, nameColumn } from '../schema/columns.ts';
import type { GroupVersionKind, ResourceDefinition, ScalePaths, TableColumn } from '../schema/definition.ts';
import { readText, writePath } from '../schema/json-path.ts';
import { schemaNode } from '../schema/schema-data.ts';
import { isJsonObject, type JsonObject, shapeObject } from '../schema/shape.ts';
import { checkType } from './decode-object.ts';
import { decodePatched, type SentPatch } from './invalid-patch.ts';
import { patchedObject } from './patches.ts';

export const scaleKind: GroupVersionKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** Of a Scale, as `kubectl get --subresource=scale` shows it. */
export const scaleColumns: readonly TableColumn[] = [
  nameColumn,
  replicasColumn('Desired', '.spec.replicas'),
  replicasColumn('Available', '.status.replicas'),
  ageColumn,
];

function replicasColumn(name: string, path: string): TableColumn {
  const cell: TableColumn['cell'] = (scale) => Number(readText(scale, path) ?? 0);
  return { name, type: 'integer', description: '', priority: 0, cell };
}

/** The object as `autoscaling/v1` Scale. */
export function toScale(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = Number(readText(object, paths.specReplicasPath) ?? 0);
  const selector = paths.labelSelectorPath === undefined ? undefined : readText(object, paths.labelSelectorPath);
  const scale = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    // None are left out by Kubernetes's type, and mean none where they are left out.
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: Number(readText(object, paths.statusReplicasPath) ?? 0),
      ...(selector === undefined ? {} : { selector: selectorText(selector) }),
    },
  };
  return scale;
}

/** Custom resources keep their selector as text, workloads as an object, and ReplicationControllers as mere labels. */
function selectorText(selector: unknown): string {
  if (typeof selector === 'string') return selector;
  return formatLabelSelector(isLabels(selector) ? { matchLabels: selector } : (selector ?? {}));
}

function isLabels(selector: unknown): selector is Readonly<Record<string, string>> {
  return isJsonObject(selector) && Object.values(selector).every((value) => typeof value === 'string');
}

/** What of the object is applied where a Scale is: its replicas, and nothing else. */
export function appliedScale(body: unknown, { type, scale }: Pick<ResourceDefinition, 'type' | 'scale'>): unknown {
  const { apiVersion, kind, metadata, ...rest } = isJsonObject(body) ? body : {};
  if (scale === undefined || apiVersion !== 'autoscaling/v1' || kind !== 'Scale')
    throw new StatusError('BadRequest', `invalid object type: ${String(apiVersion ?? '')}, Kind=${String(kind ?? '')}`);
  const object = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: isJsonObject(metadata) ? metadata : {} };
  const isSaid = isJsonObject(rest['spec']) && rest['spec']['replicas'] !== undefined;
  return isSaid ? fromScale(object, rest, scale) : object;
}

/** Throws `BadRequest` for what is no Scale. */
export function decodeScale(body: unknown): JsonObject {
  if (!isJsonObject(body))
    throw new StatusError('BadRequest', 'the body of the request must be an object of kind Scale');
  checkType(body, { type: scaleKind });
  return shapeObject(body, schemaNode('io.k8s.api.autoscaling.v1.Scale'), scaleKind).object;
}

interface Scaled {
  readonly definition: ResourceDefinition;
  readonly paths: ScalePaths;
}

/** The object with the replicas of its Scale as a patch makes that, and of the version that the patch names. */
export function patchedScale(object: KubeObject, patch: SentPatch, { definition, paths }: Scaled): KubeObject {
  const scale = decodePatched(patch, patchedObject(toScale(object, paths), { ...patch, definition }), decodeScale);
  const { resourceVersion } = isJsonObject(scale['metadata']) ? scale['metadata'] : {};
  const scaled = fromScale(object, scale, paths);
  return typeof resourceVersion === 'string'
    ? { ...scaled, metadata: { ...scaled.metadata, resourceVersion } }
    : scaled;
}

/** The object with the replicas that a Scale asks for. */
export function fromScale(object: KubeObject, scale: unknown, paths: ScalePaths): KubeObject {
  const { spec } = isJsonObject(scale) ? scale : {};
  const { replicas = 0 } = isJsonObject(spec) ? spec : {};
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw new StatusError(
      'Invalid',
      `Scale.autoscaling "${object.metadata.name ?? ''}" is invalid: spec.replicas: Invalid value: ${JSON.stringify(replicas ?? null)}: must be greater than or equal to 0`,
    );
  }
  return writePath(object, paths.specReplicasPath, replicas);
}
