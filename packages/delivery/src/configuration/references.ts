/** Which ConfigMaps and Secrets a pod template refers to. One walk both finds them and gives them other names. */
import type {
  Container,
  EnvFromSource,
  EnvVar,
  PodTemplateSpec,
  Volume,
  VolumeProjection,
} from '@slipway/kube/api.generated';

export type ConfigurationKind = 'ConfigMap' | 'Secret';

export interface Reference {
  readonly kind: ConfigurationKind;
  readonly name: string;
  /** The pod starts without it. */
  readonly isOptional: boolean;
}

/** `ConfigMap/settings` */
export function referenceKey({ kind, name }: Pick<Reference, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

type Rename = (reference: Reference) => string;

/** By which names a version with these copies reads its configuration. */
export function toCopies({ frozen = {} }: Frozen): Rename {
  return (reference) => frozen[referenceKey(reference)] ?? reference.name;
}

/** The way back: by which names it would read what was copied. */
export function toOriginals({ frozen = {} }: Frozen): Rename {
  const originals = new Map(
    Object.entries(frozen).map(([key, name]) => {
      const [kind = '', original = ''] = key.split('/');
      return [`${kind}/${name}`, original];
    }),
  );
  return (reference) => originals.get(referenceKey(reference)) ?? reference.name;
}

interface Frozen {
  /** Names of copies, by `Kind/name` of what they copy. */
  readonly frozen?: Readonly<Record<string, string>> | undefined;
}

/** What env, envFrom and volumes of any kind of container refer to, each once. Pull secrets and CSI volumes are not meant. */
export function findReferences(template: PodTemplateSpec): readonly Reference[] {
  const found = new Map<string, Reference>();
  renameReferences(template, (reference) => {
    const key = referenceKey(reference);
    const known = found.get(key);
    found.set(key, { ...reference, isOptional: reference.isOptional && (known?.isOptional ?? true) });
    return reference.name;
  });
  return [...found.values()].toSorted((a, b) => (referenceKey(a) < referenceKey(b) ? -1 : 1));
}

/** The template with other names in the same places. */
export function renameReferences(template: PodTemplateSpec, rename: Rename): PodTemplateSpec {
  const { spec } = template;
  if (spec === undefined) return template;
  const containers = spec.containers.map((container) => renameContainer(container, rename));
  const initContainers = spec.initContainers?.map((container) => renameContainer(container, rename));
  const volumes = spec.volumes?.map((volume) => renameVolume(volume, rename));
  return { ...template, spec: { ...spec, ...present({ initContainers, volumes }), containers } };
}

function renameContainer(container: Container, rename: Rename): Container {
  const env = container.env?.map((variable) => renameVariable(variable, rename));
  const envFrom = container.envFrom?.map((source) => renameSource(source, rename));
  return { ...container, ...present({ env, envFrom }) };
}

function renameVariable(variable: EnvVar, rename: Rename): EnvVar {
  const { configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
  if (configMapKeyRef === undefined && secretKeyRef === undefined) return variable;
  const valueFrom = {
    ...variable.valueFrom,
    ...present({
      configMapKeyRef: configMapKeyRef && named(configMapKeyRef, 'ConfigMap', rename),
      secretKeyRef: secretKeyRef && named(secretKeyRef, 'Secret', rename),
    }),
  };
  return { ...variable, valueFrom };
}

export function renameSource(source: EnvFromSource, rename: Rename): EnvFromSource {
  const { configMapRef, secretRef } = source;
  return {
    ...source,
    ...present({
      configMapRef: configMapRef && named(configMapRef, 'ConfigMap', rename),
      secretRef: secretRef && named(secretRef, 'Secret', rename),
    }),
  };
}

function renameVolume(volume: Volume, rename: Rename): Volume {
  const { configMap, secret, projected } = volume;
  const secretName = secret?.secretName;
  const isOptional = secret?.optional === true;
  return {
    ...volume,
    ...present({
      configMap: configMap && named(configMap, 'ConfigMap', rename),
      secret: secret && {
        ...secret,
        ...(secretName === undefined ? {} : { secretName: rename({ kind: 'Secret', name: secretName, isOptional }) }),
      },
      projected: projected && {
        ...projected,
        ...present({ sources: projected.sources?.map((source) => renameProjection(source, rename)) }),
      },
    }),
  };
}

function renameProjection(source: VolumeProjection, rename: Rename): VolumeProjection {
  const { configMap, secret } = source;
  return {
    ...source,
    ...present({
      configMap: configMap && named(configMap, 'ConfigMap', rename),
      secret: secret && named(secret, 'Secret', rename),
    }),
  };
}

function named<T extends { readonly name?: string | undefined; readonly optional?: boolean | undefined }>(
  source: T,
  kind: ConfigurationKind,
  rename: Rename,
): T {
  const { name, optional } = source;
  return name === undefined ? source : { ...source, name: rename({ kind, name, isOptional: optional === true }) };
}

/** Without the keys whose value is undefined: a template that names nothing stays as it is. */
function present<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const result: { [Key in keyof T]?: Exclude<T[Key], undefined> } = {};
  return Object.assign(result, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
}
