/** What the objects of all routers have in common: whose they are, and what in them is ours. */
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { apiVersionOf } from '@slipway/kube/object';
import type { Split, SplitRule } from '@slipway/kube/split';
import { annotations, digest, labels } from '../names.ts';

export const routerAnnotations = {
  /** Of what was written: another one is written again. */
  content: 'slipway.dev/route-content',
  /** Services that our rules led to when they were last written: a rule that names one of them is ours. */
  services: 'slipway.dev/routed-services',
  /** Names of the response headers that we set. */
  headers: 'slipway.dev/response-headers',
} as const;

/** The first rule has the name of the Application, that of the preview hosts another one. */
export function ruleObjectNames({ metadata: { name = '' } }: Pick<Split, 'metadata'>): readonly string[] {
  return [name, `${name}-preview`];
}

export interface RuleObject {
  readonly name: string;
  readonly rule: SplitRule;
}

export function ruleObjects(split: Split): readonly RuleObject[] {
  const names = ruleObjectNames(split);
  return split.spec.rules.flatMap((rule, index) => {
    const name = names[index];
    return name === undefined ? [] : [{ name, rule }];
  });
}

export interface OwnObject {
  readonly type: ResourceType;
  readonly split: Split;
  readonly object: RuleObject;
  /** What of it follows from the Split alone. */
  readonly content: unknown;
}

export function ownHead({ type, split, object: { name, rule }, content }: OwnObject): KubeObject {
  const { metadata, spec } = split;
  const headers = Object.keys(rule.responseHeaders ?? {});
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { [labels.application]: spec.application },
      annotations: {
        [annotations.ownerUid]: ownerOf(split),
        [routerAnnotations.content]: digest(content),
        [routerAnnotations.services]: servicesOf(rule).join(),
        ...(headers.length === 0 ? {} : { [routerAnnotations.headers]: headers.join() }),
      },
    },
  };
}

/** The uid of the Application. */
export function ownerOf({ metadata }: Split): string {
  return metadata.annotations?.[annotations.ownerUid] ?? '';
}

function servicesOf({ backends, mirror }: SplitRule): readonly string[] {
  return [...new Set([...backends.map(({ service }) => service), ...(mirror === undefined ? [] : [mirror.service])])];
}

/** Services to which a rule of ours may lead in what stands there. */
export function knownServices(existing: KubeObject | undefined, rule?: SplitRule): ReadonlySet<string> {
  const written = listOf(existing, routerAnnotations.services);
  return new Set([...written, ...(rule === undefined ? [] : servicesOf(rule))]);
}

/** Names in lower case. */
export function writtenHeaders(existing: KubeObject | undefined): ReadonlySet<string> {
  return new Set(listOf(existing, routerAnnotations.headers).map((name) => name.toLowerCase()));
}

function listOf(existing: KubeObject | undefined, annotation: string): readonly string[] {
  return (existing?.metadata.annotations?.[annotation] ?? '').split(',').filter((text) => text !== '');
}

export interface OwnedList<Item> {
  readonly own: readonly Item[];
  readonly existing: readonly Item[];
  readonly isOwn: (item: Item) => boolean;
  /** Ours as it should be, with what others added to it as it is. */
  readonly join: (own: Item, existing: readonly Item[]) => Item;
}

/**
 * For lists that server-side apply gives to one owner as a whole: ours in their place, and what others put there where they
 * put it, because the order may decide between rules that fit alike.
 */
export function mergeList<Item>({ own, existing, isOwn, join }: OwnedList<Item>): readonly Item[] {
  const first = existing.findIndex(isOwn);
  const end = first < 0 ? existing.length : first;
  const ours = existing.filter(isOwn);
  return [
    ...existing.slice(0, end),
    ...own.map((item) => join(item, ours)),
    ...existing.slice(end).filter((item) => !isOwn(item)),
  ];
}

/** Whether all of `wanted` stands in `actual`, which may hold more: defaults of the server, and what others put there. */
export function covers(actual: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true;
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => covers(actual[index], item))
    );
  if (typeof wanted !== 'object' || wanted === null) return actual === wanted;
  return (
    typeof actual === 'object' &&
    actual !== null &&
    Object.entries(wanted).every(([key, value]) => covers(Reflect.get(actual, key), value))
  );
}
