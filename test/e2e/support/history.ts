/**
 * Everything that happened to an Application's objects, in the order of the cluster's revisions, and what must have held of
 * the world after each of them: the rules of the interlock, in terms of pods and weights.
 */
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { splits, type Split } from '@slipway/kube/split';
import { labels } from '@slipway/delivery/names';

/** One moment of the world. */
interface Moment {
  readonly pods: ReadonlyMap<string, Pod>;
  readonly split: Split | undefined;
}

type Change = (before: Moment) => Moment;

interface Recorded {
  readonly client: KubeClient;
  readonly namespace: string;
}

export class History {
  readonly #changes: Array<{ readonly revision: number; readonly change: Change }> = [];
  readonly #recording: ReadonlyArray<Promise<void>>;
  readonly #stopping = new AbortController();

  /** Records from now on; there is none of the objects yet. */
  constructor({ client, namespace }: Recorded) {
    const put = <T>(all: ReadonlyMap<string, T>, name: string, value: T | undefined): ReadonlyMap<string, T> => {
      const rest = [...all].filter(([key]) => key !== name);
      return new Map(value === undefined ? rest : [...rest, [name, value]]);
    };
    this.#recording = [
      this.#record({ client, namespace }, pods, (name, pod) => (before) => ({
        ...before,
        pods: put(before.pods, name, pod),
      })),
      this.#record({ client, namespace }, splits, (_name, split) => (before) => ({ ...before, split })),
    ];
    // A failure is seen when the recording ends.
    for (const each of this.#recording) each.catch(() => undefined);
  }

  /** Ends the recording and gives every break of a rule, with the revision that brought it. */
  async violations(rules: { readonly replicas: number }): Promise<readonly string[]> {
    this.#stopping.abort(new Error('the recording ends'));
    await Promise.all(this.#recording);
    const found: string[] = [];
    let before: Moment = { pods: new Map(), split: undefined };
    for (const { revision, change } of this.#changes.toSorted((a, b) => a.revision - b.revision)) {
      const after = change(before);
      found.push(...judge(before, after, rules).map((fault) => `revision ${revision}: ${fault}`));
      before = after;
    }
    return found;
  }

  get length(): number {
    return this.#changes.length;
  }

  async #record<T extends KubeObject>(
    { client, namespace }: Recorded,
    type: ResourceType<T>,
    changeTo: (name: string, object: T | undefined) => Change,
  ): Promise<void> {
    const { signal } = this.#stopping;
    const { metadata } = await client.list(type, { namespace });
    const events = client.watch(type, { namespace, resourceVersion: metadata.resourceVersion, signal });
    for await (const event of events) {
      if (event.type === 'BOOKMARK') continue;
      const { name = '', resourceVersion } = event.object.metadata;
      const change = changeTo(name, event.type === 'DELETED' ? undefined : event.object);
      this.#changes.push({ revision: Number(resourceVersion), change });
    }
    if (!signal.aborted) throw new Error(`the watch of ${type.plural} ended before the test`);
  }
}

/** What changed from good to bad: the rules bind what is done, not the world. */
function judge(before: Moment, after: Moment, { replicas }: { readonly replicas: number }): readonly string[] {
  const lost = (count: (moment: Moment) => number): boolean => count(after) < Math.min(count(before), replicas);
  const leaving = [...after.pods].filter(([name, pod]) => isDeleted(pod) && !isDeleted(before.pods.get(name)));
  const carrying = leaving.filter(
    ([, { metadata }]) => isLabelled(metadata, labels.serves) || isLabelled(metadata, labels.backend),
  );
  const weights = [...weightsOf(after).values()];
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return [
    lost(outside) ? [`capacity: ${outside(after)} of ${replicas} pods serve outside`] : [],
    lost(inside) ? [`capacity: ${inside(after)} of ${replicas} pods serve inside`] : [],
    highestLoad(after) > Math.max(100 / replicas, highestLoad(before)) + rounding
      ? [`load: a pod carries ${highestLoad(after)} %`]
      : [],
    carrying.map(([name]) => `leaving: pod ${name} goes while it serves`),
    weights.length > 0 && sum !== 100 ? [`sum: the weights are ${weights.join(' + ')}`] : [],
  ].flat();
}

/** Weights are whole numbers. */
const rounding = 1;

/** By name of the release. */
function weightsOf({ split }: Moment): ReadonlyMap<string, number> {
  const backends = split?.spec.rules[0]?.backends ?? [];
  return new Map(backends.map(({ version, weight }) => [`shop-${version}`, weight]));
}

function outside(moment: Moment): number {
  return [...weightsOf(moment)].reduce((sum, [name, weight]) => sum + (weight > 0 ? backends(moment, name) : 0), 0);
}

function inside({ pods }: Moment): number {
  return [...pods.values()].filter((pod) => isReady(pod) && isLabelled(pod.metadata, labels.serves)).length;
}

function backends({ pods }: Moment, release: string): number {
  return [...pods.values()].filter(
    (pod) =>
      isReady(pod) && isLabelled(pod.metadata, labels.backend) && pod.metadata.labels?.[labels.release] === release,
  ).length;
}

function highestLoad(moment: Moment): number {
  const loads = [...weightsOf(moment)].map(([name, weight]) => (weight === 0 ? 0 : weight / backends(moment, name)));
  return Math.max(0, ...loads);
}

function isReady(pod: Pod): boolean {
  return !isDeleted(pod) && isConditionTrue(pod.status?.conditions, 'Ready');
}

function isDeleted(object: KubeObject | undefined): boolean {
  return object?.metadata.deletionTimestamp !== undefined;
}

function isLabelled({ labels: all }: KubeObject['metadata'], label: string): boolean {
  return all?.[label] === 'true';
}
