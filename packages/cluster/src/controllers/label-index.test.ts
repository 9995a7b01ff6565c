import type { LabelSelector, Pod, PodDisruptionBudget } from '@slipway/kube/api.generated';
import { Informer } from '@slipway/kube/informer';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { podDisruptionBudgets, pods } from '@slipway/kube/resources';
import { matchesLabelSelector } from '@slipway/kube/selector';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { createMemoryCluster } from '../../testing/memory-cluster.ts';
import { byLabel, bySelector, labelIndex, selectedBy, selectorIndex, selectorsFor } from './label-index.ts';

let stopping = new AbortController();
const clock = new FakeClock();

afterEach(() => {
  stopping.abort();
  stopping = new AbortController();
});

interface Given<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly objects: readonly T[];
  readonly indexes: Readonly<Record<string, (object: T) => readonly string[]>>;
}

async function informerOf<T extends KubeObject>({ type, objects, indexes }: Given<T>): Promise<Informer<T>> {
  const { client } = await createMemoryCluster({ clock });
  for (const object of objects) await client.create(type, object);
  const informer = new Informer<T>({ client, type, clock, indexes });
  informer.start(stopping.signal);
  await informer.synced();
  return informer;
}

const fleet = 50;
const numbers = Array.from({ length: fleet }, (_, index) => index);

function pod(index: number): Pod {
  const labels = { app: `app-${index}`, tier: 'web' };
  return {
    metadata: { name: `pod-${index}`, namespace: 'default', labels },
    spec: { containers: [{ name: 'web', image: 'example.com/web' }] },
  };
}

const namesOf = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ metadata }) => metadata.name ?? '');

describe('what a selector selects, of many', () => {
  const rows: readonly { name: string; selector: LabelSelector | undefined; looksAt: number; finds: number }[] = [
    { name: 'is found by its one label', selector: { matchLabels: { app: 'app-7' } }, looksAt: 1, finds: 1 },
    {
      name: 'is found by the rarest of its labels, wherever that stands',
      selector: { matchLabels: { tier: 'web', app: 'app-7' } },
      looksAt: 1,
      finds: 1,
    },
    {
      name: 'is found by each value of an expression, once',
      selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['app-1', 'app-2', 'app-1'] }] },
      looksAt: 2,
      finds: 2,
    },
    {
      name: 'is looked for in the whole namespace where no label is asked for',
      selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['app-1'] }] },
      looksAt: fleet,
      finds: fleet - 1,
    },
    { name: 'is everything for an empty one', selector: {}, looksAt: fleet, finds: fleet },
    { name: 'is nothing for an absent one', selector: undefined, looksAt: 0, finds: 0 },
  ];
  it.each(rows)('$name', async ({ selector, looksAt, finds }) => {
    const informer = await informerOf({ type: pods, objects: numbers.map(pod), indexes: { [byLabel]: labelIndex } });
    const candidates = selectedBy(informer, { namespace: 'default', selector });
    expect(candidates).toHaveLength(looksAt);
    expect(candidates.filter(({ metadata }) => matchesLabelSelector(selector, metadata.labels))).toHaveLength(finds);
    expect(selectedBy(informer, { namespace: 'elsewhere', selector })).toEqual([]);
  });
});

it('finds the selectors of an object without holding it against all of them', async () => {
  const budget = (name: string, selector: LabelSelector): PodDisruptionBudget => ({
    metadata: { name, namespace: 'default' },
    spec: { minAvailable: 1, selector },
  });
  const informer = await informerOf({
    type: podDisruptionBudgets,
    objects: [
      ...numbers.map((index) => budget(`budget-${index}`, { matchLabels: { app: `app-${index}` } })),
      budget('everything', {}),
      budget('not-7', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['app-7'] }] }),
    ],
    indexes: { [bySelector]: selectorIndex },
  });
  expect(namesOf(selectorsFor(informer, pod(7))).toSorted()).toEqual(['budget-7', 'everything', 'not-7']);
  expect(selectorsFor(informer, undefined)).toEqual([]);
});
