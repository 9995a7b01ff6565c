/** What spec asks for now: its content, and the configuration that goes with it. */
import type { PodTemplateSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import type { ApplicationSpec } from './api/application.ts';
import { isOfVersion, type Identity, type Release } from './api/release.ts';
import { frozenName } from './configuration/content.ts';
import { environmentReferences } from './configuration/environment.ts';
import { findReferences, referenceKey, type Reference } from './configuration/references.ts';
import { digest, identityOf, isSameIdentity } from './names.ts';
import type { Observation } from './observation.ts';

export interface Asked {
  readonly identity: Identity;
  /** Names of the copies, by `Kind/name` of what they copy. */
  readonly frozen: Readonly<Record<string, string>>;
  /** `Kind/name` of what pods cannot start without and nobody has made. */
  readonly missing: readonly string[];
  /** `Kind/name` of what exists and could not be read: until it is, nobody knows whether it has changed. */
  readonly unread: readonly string[];
  /** Variables of the platform that a version which begins now is given. */
  readonly environment: Environment;
  /** Of everything that a release copies: with the same text a refused version would only fail again. */
  readonly attempt: string;
}

/** They tell no versions apart. */
interface Environment {
  /** Names of the copies, by `Kind/name` of what they copy. */
  readonly frozen: Readonly<Record<string, string>>;
  /** `Kind/name` of what exists and could not be read. */
  readonly unread: readonly string[];
}

export type Asking = Pick<Observation, 'application' | 'sources' | 'releases'>;

/** Every look asks several times, and the answer changes only with a spec or with what that refers to. */
export function askedOf(observation: Asking): Asked {
  const { sources, releases } = observation;
  const { spec } = observation.application;
  const before = releases.at(-1)?.spec.frozen;
  const last = answers.get(spec);
  if (last !== undefined && last.sources === sources && last.before === before) return last.asked;
  const asked = calculateAsked(observation, last?.asked);
  answers.set(spec, { sources, before, asked });
  return asked;
}

interface Answer {
  readonly sources: Observation['sources'];
  /** What the newest release was made with. */
  readonly before: Release['spec']['frozen'];
  readonly asked: Asked;
}

const answers = new WeakMap<ApplicationSpec, Answer>();

function calculateAsked(observation: Asking, known: Asked | undefined): Asked {
  const { spec } = observation.application;
  const { frozen, missing, unread } = configurationOf(observation);
  const environment = environmentOf(observation);
  const found = [frozen, missing, unread, environment];
  if (known !== undefined && isSameJson([known.frozen, known.missing, known.unread, known.environment], found))
    return known;
  const identity = identityOf(spec, frozen);
  return { identity, frozen, missing, unread, environment, attempt: attemptOf(spec, identity) };
}

/** What was deleted is given to nobody any more. */
function environmentOf({ application, sources }: Asking): Environment {
  const found = environmentReferences.flatMap((reference) => {
    const key = referenceKey(reference);
    const source = sources.get(key);
    return source === undefined ? [] : [{ key, name: reference.name, content: source.content }];
  });
  const copies = found.flatMap(({ key, name, content }) =>
    content === undefined ? [] : [[key, frozenName(application.metadata.name ?? '', name, content)]],
  );
  return {
    frozen: Object.fromEntries(copies),
    unread: found.filter(({ content }) => content === undefined).map(({ key }) => key),
  };
}

/** Of one reference; without a name there is no copy. */
interface Frozen {
  readonly key: string;
  readonly name: string | undefined;
  readonly isMissing: boolean;
  readonly isUnread: boolean;
}

function configurationOf(observation: Asking): Pick<Asked, 'frozen' | 'missing' | 'unread'> {
  const { spec } = observation.application;
  const before = new Map(Object.entries(observation.releases.at(-1)?.spec.frozen ?? {}));
  const live = new Set(spec.configuration?.live);
  const all = referencesOf(spec)
    .filter(({ name }) => !live.has(name))
    .flatMap((reference) => freeze(observation, reference, before) ?? []);
  return {
    frozen: Object.fromEntries(all.flatMap(({ key, name }) => (name === undefined ? [] : [[key, name]]))),
    missing: all.filter(({ isMissing }) => isMissing).map(({ key }) => key),
    unread: all.filter(({ isUnread }) => isUnread).map(({ key }) => key),
  };
}

/** Undefined: it is read where it stands. */
function freeze(
  { application, sources }: Asking,
  reference: Reference,
  before: ReadonlyMap<string, string>,
): Frozen | undefined {
  const key = referenceKey(reference);
  const source = sources.get(key);
  if (source?.isLive === true) return undefined;
  if (source?.content !== undefined) {
    const name = frozenName(application.metadata.name ?? '', reference.name, source.content);
    return { key, name, isMissing: false, isUnread: false };
  }
  // What was deleted, or cannot be read, has not changed: versions go on with the copy that there is.
  const name = before.get(key);
  const isUnread = source !== undefined;
  return { key, name, isUnread, isMissing: !isUnread && name === undefined && !reference.isOptional };
}

const references = new WeakMap<object, readonly Reference[]>();

/** Of the template, and of what every container is given besides. A spec is walked once however often it is looked at. */
export function referencesOf(spec: ApplicationSpec): readonly Reference[] {
  const known = references.get(spec) ?? findReferences(withEnvironment(spec.template ?? {}, spec.environmentFrom));
  references.set(spec, known);
  return known;
}

function withEnvironment(
  template: PodTemplateSpec,
  environmentFrom: ApplicationSpec['environmentFrom'],
): PodTemplateSpec {
  const [first, ...others] = template.spec?.containers ?? [];
  if (template.spec === undefined || first === undefined || environmentFrom === undefined) return template;
  const given = { ...first, envFrom: [...environmentFrom, ...(first.envFrom ?? [])] };
  return { ...template, spec: { ...template.spec, containers: [given, ...others] } };
}

const copiedParts = new WeakMap<ApplicationSpec, object>();

/** What is in force at once is no part of an attempt: scaling a version does not make it another one. */
function copiedPart(spec: ApplicationSpec): object {
  const {
    replicas: _,
    paused: __,
    route: ___,
    history: ____,
    service: _____,
    deletionPolicy: ______,
    dependsOn: _______,
    ...copied
  } = spec;
  const known = copiedParts.get(spec) ?? copied;
  copiedParts.set(spec, known);
  return known;
}

function attemptOf(spec: ApplicationSpec, { configuration }: Identity): string {
  return `${digest(copiedPart(spec))}/${configuration}`;
}

export function isNumbered(version: string | undefined): version is undefined | '#' {
  return version === undefined || version === '#';
}

/** Whether a release is what spec asks for: by content, and by version where one is given. */
export function isAsked(
  { application: { spec } }: Pick<Asking, 'application'>,
  asked: Asked,
  release: Release,
): boolean {
  return (
    isSameIdentity(release.spec.identity, asked.identity) &&
    (isNumbered(spec.version) || isOfVersion(release, spec.version))
  );
}
