/** The user's template, and what is added to it: labels and annotations of ours, and the hash of a Deployment. */
import type { PodTemplateSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { ownPrefix } from '../names.ts';

export const podTemplateHashLabel = 'pod-template-hash';

/** As the user wrote it. */
export function withoutOwn(template: PodTemplateSpec): PodTemplateSpec {
  return withMetadata(template, {
    label: (key) => !isOwn(key) && key !== podTemplateHashLabel,
    annotation: (key) => !isOwn(key),
  });
}

interface Kept {
  readonly label: (key: string) => boolean;
  readonly annotation: (key: string) => boolean;
}

function withMetadata({ metadata = {}, spec }: PodTemplateSpec, kept: Kept): PodTemplateSpec {
  const { labels, annotations, creationTimestamp: _, ...others } = metadata;
  return {
    metadata: {
      ...others,
      ...section('labels', keep(labels, kept.label)),
      ...section('annotations', keep(annotations, kept.annotation)),
    },
    spec,
  };
}

/** As a Deployment compares templates, and without what is ours. */
export function isSameContent(one: PodTemplateSpec | undefined, other: PodTemplateSpec | undefined): boolean {
  return isSameJson(withoutOwn(one ?? {}), withoutOwn(other ?? {}));
}

/** As a Deployment compares templates: the hash makes no difference. */
export function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  return withMetadata(template, { label: (key) => key !== podTemplateHashLabel, annotation: () => true });
}

export function isOwn(key: string): boolean {
  return key.startsWith(ownPrefix);
}

type Entries = Readonly<Record<string, string>>;

function keep(entries: Entries | undefined, isKept: (key: string) => boolean): Entries {
  return Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => isKept(key)));
}

function section(name: 'labels' | 'annotations', entries: Entries): Readonly<Record<string, Entries>> {
  return Object.keys(entries).length === 0 ? {} : { [name]: entries };
}
