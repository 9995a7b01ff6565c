/** The pods of an application, page by page: those that are not well first, and how many there are of each kind. Pure. */
import { hookLabel, servesLabel, versionAnnotation } from '@slipway/delivery/api/version-labels';
import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import Type, { type Static } from 'typebox';
import { optional } from '../optional.ts';
import { PodSummarySchema, summarizePod } from './pod-summary.ts';

/** In the order in which people want to see them. */
export const podStates = ['failing', 'starting', 'ending', 'ready', 'serving'] as const;
export type PodState = (typeof podStates)[number];

const Count = Type.Integer({ minimum: 0 });

export const ListedPodSchema = Type.Interface([PodSummarySchema], {
  state: Type.Enum([...podStates], {
    description: '`serving`: it is led to; `ready`: it could be; `failing`: it does not come up, or has ended.',
  }),
});
export type ListedPod = Static<typeof ListedPodSchema>;

export const PodCountsSchema = Type.Object({
  version: Type.String(),
  states: Type.Object({ failing: Count, starting: Count, ending: Count, ready: Count, serving: Count }),
});
export type PodCounts = Static<typeof PodCountsSchema>;

export interface PodQuery {
  readonly limit: number;
  /** The last pod of the page before. */
  readonly after?: PodPlace | undefined;
  readonly state?: PodState | undefined;
  /** Part of a name or of a node. */
  readonly search?: string | undefined;
}

/** Where a pod stands in the list. */
export interface PodPlace {
  readonly rank: number;
  readonly name: string;
}

export interface PodList {
  readonly items: readonly ListedPod[];
  readonly next?: PodPlace | undefined;
  /** That are meant, on whichever page. */
  readonly total: number;
  /** Of all of them but those of hooks. */
  readonly versions: readonly PodCounts[];
}

interface Placed extends PodPlace {
  readonly pod: Pod;
  readonly state: PodState;
}

/** `split` has the percent of the traffic by version. Only pods of the page are described: there may be thousands. */
export function listPods(
  pods: readonly Pod[],
  split: Readonly<Record<string, number>>,
  { limit, after, state, search = '' }: PodQuery,
): PodList {
  const placed = pods.map((pod) => place(pod, split));
  const words = search.toLowerCase();
  const wanted = placed
    .filter((each) => (state === undefined || each.state === state) && isNamed(each.pod, words))
    .toSorted(inOrder);
  const rest = after === undefined ? wanted : wanted.filter((each) => inOrder(after, each) < 0);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map((each) => ({ ...summarizePod(each.pod), state: each.state })),
    total: wanted.length,
    versions: countStates(placed),
    ...optional('next', last !== undefined && page.length < rest.length ? placeOf(last) : undefined),
  };
}

function place(pod: Pod, split: Readonly<Record<string, number>>): Placed {
  const version = pod.metadata.annotations?.[versionAnnotation] ?? '';
  const state = stateOf(pod, split[version] ?? 0);
  return { pod, state, rank: podStates.indexOf(state), name: pod.metadata.name ?? '' };
}

function placeOf({ rank, name }: PodPlace): PodPlace {
  return { rank, name };
}

function inOrder(one: PodPlace, other: PodPlace): number {
  if (one.rank !== other.rank) return one.rank - other.rank;
  return one.name < other.name ? -1 : one.name === other.name ? 0 : 1;
}

function isNamed({ metadata, spec }: Pod, words: string): boolean {
  return words === '' || [metadata.name, spec?.nodeName].some((text) => text?.toLowerCase().includes(words) === true);
}

/** Of a version that has `weight` percent of what the gateway leads to it beside the Service. */
export function stateOf({ metadata, status }: Pod, weight: number): PodState {
  if (metadata.deletionTimestamp !== undefined || status?.phase === 'Succeeded') return 'ending';
  if (status?.phase === 'Failed') return 'failing';
  if (isConditionTrue(status?.conditions, 'Ready'))
    return metadata.labels?.[servesLabel] !== undefined || weight > 0 ? 'serving' : 'ready';
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return containers.some(hasTrouble) ? 'failing' : 'starting';
}

/** It was started again, or cannot be started. */
function hasTrouble({ restartCount, state }: ContainerStatus): boolean {
  const { waiting, terminated } = state ?? {};
  return (
    (restartCount ?? 0) > 0 ||
    (terminated !== undefined && terminated.exitCode !== 0) ||
    /BackOff|Err/.test(`${waiting?.reason ?? ''} ${waiting?.message ?? ''}`)
  );
}

function countStates(placed: readonly Placed[]): readonly PodCounts[] {
  const byVersion = new Map<string, Record<PodState, number>>();
  for (const { pod, state } of placed) {
    const version = pod.metadata.annotations?.[versionAnnotation];
    if (version === undefined || pod.metadata.labels?.[hookLabel] !== undefined) continue;
    const states = byVersion.get(version) ?? { failing: 0, starting: 0, ending: 0, ready: 0, serving: 0 };
    states[state] += 1;
    byVersion.set(version, states);
  }
  return [...byVersion].map(([version, states]) => ({ version, states }));
}
