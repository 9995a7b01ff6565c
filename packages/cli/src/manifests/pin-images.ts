/** The images of a version by what really ran, and not by a tag that may have been moved since. Pure. */
import { parseReference } from '@slipway/cluster/image/reference';
import type { ContainerImages } from '@slipway/delivery/api/release';
import type { Container, PodTemplateSpec } from '@slipway/kube/api.generated';

export interface PinnedTemplate {
  readonly template: PodTemplateSpec;
  /** What could not be pinned, and what is to be known of what was, in sentences. */
  readonly notes: readonly string[];
}

/** `recorded` is what the pods of the version ran, container by container. */
export function pinImages(template: PodTemplateSpec, recorded: readonly ContainerImages[] = []): PinnedTemplate {
  const { spec } = template;
  if (spec === undefined) return { template, notes: [] };
  const pin = (container: Container): Container => pinContainer(container, recorded);
  const containers = spec.containers.map(pin);
  const initContainers = spec.initContainers?.map(pin);
  const all = [...(initContainers ?? []), ...containers];
  const named = all.filter(({ image }) => image !== undefined && !isByDigest(image));
  return {
    template: {
      ...template,
      spec: { ...spec, ...(initContainers === undefined ? {} : { initContainers }), containers },
    },
    notes: [...describeNamed(named, recorded), ...describeDifferent(all, recorded)],
  };
}

function pinContainer(container: Container, recorded: readonly ContainerImages[]): Container {
  const { name, image } = container;
  // What was recorded first is what was tested.
  const [first] = recorded.find((each) => each.container === name)?.imageIDs ?? [];
  if (image === undefined || isByDigest(image) || first === undefined) return container;
  const digest = digestOf(first, image);
  return digest === undefined ? container : { ...container, image: `${withoutTag(image)}@${digest}` };
}

function isByDigest(image: string): boolean {
  return image.includes('@');
}

/** Not every runtime can read a name that has both. */
function withoutTag(image: string): string {
  return image.replace(/:[^:/]+$/, '');
}

/**
 * `docker.io/library/web@sha256:1…`, as a runtime records what a registry has. Undefined where it is only the runtime's own name
 * for content that was built or loaded on the node, and where it is the digest that another repository has for it.
 */
function digestOf(imageID: string, image: string): string | undefined {
  const reference = parseReference(imageID.replace(/^docker-pullable:\/\//, ''));
  return reference !== undefined && reference.repository === parseReference(image)?.repository
    ? reference.digest
    : undefined;
}

/** What ran may have had a name of the runtime's own, by which nobody else finds it. */
function describeNamed(containers: readonly Container[], recorded: readonly ContainerImages[]): readonly string[] {
  const list = containers.map(({ name, image = '' }) => {
    const [first] = recorded.find(({ container }) => container === name)?.imageIDs ?? [];
    return `${image} of container ${name}${first === undefined ? '' : ` (ran as ${shortId(first)}, which no registry of that name knows)`}`;
  });
  return list.length === 0
    ? []
    : [
        `carried by name, and not by digest: ${list.join(', ')}. What that name means there is what will run, and where it means nothing, no pod starts: push the image to a registry, or build it there`,
      ];
}

/** `sha256:111111111111…`, `docker.io/mirror/web@sha256:111111111111…` */
function shortId(id: string): string {
  return id.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, '$1…');
}

function describeDifferent(containers: readonly Container[], recorded: readonly ContainerImages[]): readonly string[] {
  return containers.flatMap(({ name, image = '' }) => {
    const count = recorded.find(({ container }) => container === name)?.imageIDs.length ?? 0;
    return count < 2 || !isByDigest(image)
      ? []
      : [`pods of it ran ${count} different images in container ${name}: the one that was released is carried`];
  });
}
