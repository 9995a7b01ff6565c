/** Which ConfigMaps and Secrets a pod template refers to. One walk both finds them and gives them other names. */
import type {
  Container,
  EnvFromSource,
  EnvVar,
  PodSpec,
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
  /** Without which the pod does not start, each once. Absent: whatever it holds will do. */
  readonly keys?: readonly string[] | undefined;
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
    found.set(key, both(reference, found.get(key)));
    return reference.name;
  });
  return [...found.values()].toSorted((a, b) => (referenceKey(a) < referenceKey(b) ? -1 : 1));
}

/** What is optional in one place needs nothing there, also no keys. */
function both({ isOptional, keys = [], ...reference }: Reference, known: Reference | undefined): Reference {
  const needed = [...new Set([...(known?.keys ?? []), ...(isOptional ? [] : keys)])];
  return {
    ...reference,
    isOptional: isOptional && (known?.isOptional ?? true),
    ...(needed.length === 0 ? {} : { keys: needed.toSorted() }),
  };
}

/** Of the Job of a hook no schema says that there are any containers. */
type PodSpecAsWritten = Omit<PodSpec, 'containers'> & Partial<Pick<PodSpec, 'containers'>>;

/** The template with other names in the same places. */
export function renameReferences(template: PodTemplateSpec, rename: Rename): PodTemplateSpec {
  const { spec }: { readonly spec?: PodSpecAsWritten | undefined } = template;
  if (spec === undefined) return template;
  const written = spec.containers ?? [];
  const containers = written.map((container) => renameContainer(container, rename));
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
        ...(secretName === undefined
          ? {}
          : { secretName: rename({ kind: 'Secret', name: secretName, isOptional, keys: keysOf(secret) }) }),
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

/** One key for a variable, several for a volume, none where everything is taken as it is. */
interface Part {
  readonly key?: string | undefined;
  readonly items?: ReadonlyArray<{ readonly key: string }> | undefined;
}

function keysOf({ key, items = [] }: Part): readonly string[] {
  return [...(key === undefined ? [] : [key]), ...items.map((item) => item.key)];
}

interface Named extends Part {
  readonly name?: string | undefined;
  readonly optional?: boolean | undefined;
}

function named<T extends Named>(source: T, kind: ConfigurationKind, rename: Rename): T {
  const { name, optional } = source;
  if (name === undefined) return source;
  return { ...source, name: rename({ kind, name, isOptional: optional === true, keys: keysOf(source) }) };
}

/** Without the keys whose value is undefined: a template that names nothing stays as it is. */
function present<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const result: { [Key in keyof T]?: Exclude<T[Key], undefined> } = {};
  return Object.assign(result, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
}
