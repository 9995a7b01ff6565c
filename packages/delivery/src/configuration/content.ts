/** The content of a ConfigMap or Secret, as far as a version freezes it. */
import type { ConfigMap, ObjectMeta, Secret } from '@slipway/kube/api.generated';
import { canonicalJson } from '@slipway/kube/hash';
import type { KubeObject } from '@slipway/kube/object';
import { annotations, labels } from '../names.ts';
import { createHash } from 'node:crypto';
import type { ConfigurationKind } from './references.ts';

const contentDigits = 10;
const tokenTypes = ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'];

/** Of data, binaryData and type: what pods can see. */
export function contentHash(object: ConfigMap | Secret): string {
  const { data = {} } = object;
  const binaryData = 'binaryData' in object ? (object.binaryData ?? {}) : {};
  const type = 'type' in object ? (object.type ?? 'Opaque') : '';
  return createHash('sha256').update(canonicalJson({ data, binaryData, type })).digest('hex').slice(0, contentDigits);
}

/** Read where it stands and never copied: said so on the object, or a token that Kubernetes itself keeps current. */
export function isLive(object: ConfigMap | Secret): boolean {
  const type = 'type' in object ? object.type : undefined;
  return saysLive(object) || (type !== undefined && tokenTypes.includes(type));
}

/** Known without a look at what it holds. */
export function saysLive({ metadata }: KubeObject): boolean {
  return (metadata.labels?.[labels.config] ?? metadata.annotations?.[labels.config]) === 'live';
}

/** Named by content, so that versions with the same content share it; by Application, so that nobody else does. */
export function frozenName(application: string, name: string, content: string): string {
  return `${`${application}-${name}`.slice(0, 252 - contentDigits)}-${content}`;
}

export function contentOf(name: string): string {
  return name.slice(-contentDigits);
}

/** Of whom a copy is: which object, for which Application. */
export interface CopyOf {
  readonly application: string;
  readonly applicationUid: string;
  readonly source: string;
}

/** Immutable: a version keeps what it started with, whatever becomes of the source. */
export function freezeConfigMap(object: ConfigMap, of: CopyOf): ConfigMap {
  const { data, binaryData } = object;
  return { metadata: copyMetadata(object, of), immutable: true, data, binaryData };
}

export function freezeSecret(object: Secret, of: CopyOf): Secret {
  const { data, type } = object;
  return { metadata: copyMetadata(object, of), immutable: true, data, type };
}

function copyMetadata(object: ConfigMap | Secret, { application, applicationUid, source }: CopyOf): ObjectMeta {
  return {
    name: frozenName(application, source, contentHash(object)),
    namespace: object.metadata.namespace,
    labels: { [labels.application]: application, [labels.frozen]: 'true' },
    annotations: { [annotations.ownerUid]: applicationUid, [annotations.source]: source },
  };
}

/** What the controller keeps of an object that pods may refer to: enough to see a change, and no secret. */
export interface Source {
  /** Its hash; undefined where it exists and has not been read. */
  readonly content: string | undefined;
  readonly isLive: boolean;
  /** Undefined where it has not been read. */
  readonly keys?: readonly string[] | undefined;
  /** Those of its keys under which there is nothing. Absent: none, or it is not looked at. */
  readonly emptyKeys?: readonly string[] | undefined;
}

/** Of an object that is at hand. */
export function sourceOf(object: ConfigMap | Secret): Source {
  const { data = {} } = object;
  const keys = keysOf(object);
  const emptyKeys = keys.filter((key) => data[key] === '');
  return {
    content: contentHash(object),
    isLive: isLive(object),
    keys,
    ...(emptyKeys.length === 0 ? {} : { emptyKeys }),
  };
}

/** Of those that are needed. What could not be read lacks nothing that anybody knows of. */
export function missingKeys(source: Source | undefined, needed: readonly string[] = []): readonly string[] {
  const given = source?.keys;
  return given === undefined ? [] : needed.filter((key) => !given.includes(key));
}

export function keysOf(object: ConfigMap | Secret): readonly string[] {
  const { data = {} } = object;
  return [...Object.keys(data), ...('binaryData' in object ? Object.keys(object.binaryData ?? {}) : [])];
}

/** A copy that a version was made with, or is about to be. */
export interface Copy {
  readonly kind: ConfigurationKind;
  readonly object: KubeObject;
}
