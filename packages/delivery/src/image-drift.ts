/**
 * What the containers of one version really run. A tag can be moved between the start of two pods: what was tested is then
 * not what serves, and nothing else would tell.
 */
import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import type { ContainerImages } from './api/release.ts';
import type { VersionView } from './observation.ts';

const maximumContainers = 64;
const maximumImages = 8;
const namedPods = 5;

/** Of every container, in the order in which they were seen; what is known stays known when the pods are gone. */
export function recordImages(
  pods: readonly Pod[],
  known: readonly ContainerImages[] | undefined,
): readonly ContainerImages[] | undefined {
  const images = new Map((known ?? []).map(({ container, imageIDs }) => [container, imageIDs]));
  for (const { container, imageID } of pods.toSorted(byName).flatMap(runningImages)) {
    const before = images.get(container) ?? [];
    const isKnown = before.some((each) => contentOf(each) === contentOf(imageID));
    if (!isKnown) images.set(container, [...before, imageID].slice(0, maximumImages));
  }
  const all = [...images].map(([container, imageIDs]) => ({ container, imageIDs }));
  return all.length === 0 ? undefined : all.slice(0, maximumContainers);
}

/**
 * `container web of version 3: pods shop-3-a and shop-3-b run web@sha256:1…, pod shop-3-c runs web@sha256:2…`; undefined
 * where all pods of the version run what was recorded first.
 */
export function describeDrift({ release, pods }: VersionView): string | undefined {
  const recorded = release.status?.images ?? [];
  const found = Map.groupBy(pods.toSorted(byName).flatMap(runningImages), ({ container }) => container);
  const sentences = [...found].flatMap(([container, running]) => {
    const first = recorded.find((each) => each.container === container)?.imageIDs[0];
    const said = describeContainer(running, first);
    return said === undefined ? [] : [`container ${container} of version ${release.spec.version}: ${said}`];
  });
  return sentences.length === 0 ? undefined : sentences.join('; ');
}

interface RunningImage {
  readonly pod: string;
  readonly container: string;
  readonly imageID: string;
}

function describeContainer(running: readonly RunningImage[], first: string | undefined): string | undefined {
  const groups = Map.groupBy(running, ({ imageID }) => contentOf(imageID));
  const isOther = first !== undefined && !groups.has(contentOf(first));
  if (groups.size < 2 && !isOther) return undefined;
  const parts = [...groups.values()].map((group) => {
    const [{ imageID } = { imageID: '' }] = group;
    return `${group.length === 1 ? 'pod' : 'pods'} ${listNames(group)} ${group.length === 1 ? 'runs' : 'run'} ${imageID}`;
  });
  return [...parts, ...(isOther ? [`released was ${first}`] : [])].join(', ');
}

function listNames(group: readonly RunningImage[]): string {
  const names = group.slice(0, namedPods).map(({ pod }) => pod);
  const more = group.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(' and ');
}

/** Not those that a person adds to look around. */
function runningImages({ metadata, status }: Pod): readonly RunningImage[] {
  const containers: readonly ContainerStatus[] = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ];
  return containers.flatMap(({ name, imageID }) =>
    imageID === '' ? [] : [{ pod: metadata.name ?? '', container: name, imageID }],
  );
}

/** Runtimes write the same image with and without a scheme and a repository: `docker-pullable://web@sha256:1…`. */
function contentOf(imageID: string): string {
  return /sha256:[0-9a-f]+$/.exec(imageID)?.[0] ?? imageID;
}

function byName(a: Pod, b: Pod): number {
  return (a.metadata.name ?? '').localeCompare(b.metadata.name ?? '');
}
