import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryDeployment } from '../../testing/arbitrary-deployment.ts';
import { strategicDiff } from '../../testing/strategic-diff.ts';
import { schemaNode } from './schema-data.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

const deployment = schemaNode('io.k8s.api.apps.v1.Deployment');
const service = schemaNode('io.k8s.api.core.v1.Service');
const pod = schemaNode('io.k8s.api.core.v1.Pod');

/** A pod with these containers. */
function podOf(...containers: readonly object[]): object {
  return { spec: { containers } };
}

describe('applyStrategicMergePatch', () => {
  it('makes of one object the other by the patch that kubectl computes', () => {
    fc.assert(
      fc.property(arbitraryDeployment, arbitraryDeployment, (before, after) => {
        const patch = strategicDiff(before, after, deployment);
        expect(applyStrategicMergePatch(before, patch, deployment)).toEqual(after);
      }),
      { numRuns: 500 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(arbitraryDeployment, arbitraryDeployment, arbitraryDeployment, (before, after, other) => {
        const patch = strategicDiff(before, after, deployment);
        const once = applyStrategicMergePatch(other, patch, deployment);
        expect(applyStrategicMergePatch(once, patch, deployment)).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves its arguments as they were', () => {
    fc.assert(
      fc.property(arbitraryDeployment, arbitraryDeployment, (before, after) => {
        const patch = strategicDiff(before, after, deployment);
        const copies = structuredClone([before, patch]);
        applyStrategicMergePatch(before, patch, deployment);
        expect([before, patch]).toEqual(copies);
      }),
    );
  });

  it.each([
    {
      name: 'joins containers by name',
      node: pod,
      current: podOf({ name: 'a', image: '1' }, { name: 'b', image: '1' }),
      patch: podOf({ name: 'b', image: '2' }),
      result: podOf({ name: 'a', image: '1' }, { name: 'b', image: '2' }),
    },
    {
      name: 'adds what the list does not have',
      node: pod,
      current: podOf({ name: 'a' }),
      patch: podOf({ name: 'b' }),
      result: podOf({ name: 'b' }, { name: 'a' }),
    },
    {
      name: 'takes a container out by $patch: delete',
      node: pod,
      current: podOf({ name: 'a' }, { name: 'b' }),
      patch: podOf({ $patch: 'delete', name: 'a' }),
      result: podOf({ name: 'b' }),
    },
    {
      name: 'replaces a list by $patch: replace',
      node: pod,
      current: podOf({ name: 'a' }, { name: 'b' }),
      patch: podOf({ $patch: 'replace' }, { name: 'c' }),
      result: podOf({ name: 'c' }),
    },
    {
      name: 'replaces an object by $patch: replace',
      node: pod,
      current: { metadata: { labels: { a: '1' } } },
      patch: { metadata: { labels: { $patch: 'replace', b: '2' } } },
      result: { metadata: { labels: { b: '2' } } },
    },
    {
      name: 'keeps of a retainKeys field only what is named',
      node: deployment,
      current: { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
      patch: { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      result: { spec: { strategy: { type: 'Recreate' } } },
    },
    {
      name: 'replaces a list without a strategy',
      node: pod,
      current: podOf({ name: 'a', command: ['x', 'y'] }),
      patch: podOf({ name: 'a', command: ['z'] }),
      result: podOf({ name: 'a', command: ['z'] }),
    },
    {
      name: 'joins the ports of a Service by number',
      node: service,
      current: { spec: { ports: [{ port: 80, name: 'a' }, { port: 81 }] } },
      patch: { spec: { ports: [{ port: 81, name: 'b' }] } },
      result: {
        spec: {
          ports: [
            { port: 80, name: 'a' },
            { port: 81, name: 'b' },
          ],
        },
      },
    },
    {
      name: 'removes a field by null',
      node: pod,
      current: { metadata: { labels: { a: '1', b: '2' } } },
      patch: { metadata: { labels: { a: null } } },
      result: { metadata: { labels: { b: '2' } } },
    },
    {
      name: 'puts items in the order that the patch says, and others before those that they stood before',
      node: pod,
      current: podOf({ name: 'x' }, { name: 'a' }, { name: 'y' }, { name: 'b' }, { name: 'z' }),
      patch: {
        spec: {
          '$setElementOrder/containers': [{ name: 'n' }, { name: 'b' }, { name: 'a' }],
          containers: [{ name: 'n' }, { name: 'a', image: '1' }],
        },
      },
      result: podOf(
        { name: 'n' },
        { name: 'x' },
        { name: 'y' },
        { name: 'b' },
        { name: 'a', image: '1' },
        { name: 'z' },
      ),
    },
    {
      name: 'puts what is new first, and leaves what was there in its order, where the patch says none',
      node: pod,
      current: podOf({ name: 'a' }, { name: 'b' }, { name: 'c' }),
      patch: podOf({ name: 'n' }, { name: 'b', image: '1' }),
      result: podOf({ name: 'n' }, { name: 'a' }, { name: 'b', image: '1' }, { name: 'c' }),
    },
    {
      name: 'follows the order of items in the patch, and puts a finalizer that is new first',
      node: pod,
      current: { metadata: { finalizers: ['a', 'b'] }, ...podOf({ name: 'a' }, { name: 'b' }) },
      patch: { metadata: { finalizers: ['n', 'b'] }, ...podOf({ name: 'b' }, { name: 'a' }) },
      result: { metadata: { finalizers: ['n', 'a', 'b'] }, ...podOf({ name: 'b' }, { name: 'a' }) },
    },
    {
      name: 'puts what takes the place of another item behind what others have added',
      node: pod,
      current: podOf({ name: 'old' }, { name: 'x' }, { name: 'y' }),
      patch: {
        spec: {
          '$setElementOrder/containers': [{ name: 'new' }, { name: 'newer' }],
          containers: [{ name: 'new' }, { name: 'newer' }, { name: 'old', $patch: 'delete' }],
        },
      },
      result: podOf({ name: 'x' }, { name: 'y' }, { name: 'new' }, { name: 'newer' }),
    },
    {
      name: 'orders a list that it changes nothing else of',
      node: pod,
      current: podOf({ name: 'a' }, { name: 'b' }),
      patch: { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } },
      result: podOf({ name: 'b' }, { name: 'a' }),
    },
    {
      name: 'deletes from lists of what is no object, and orders the rest',
      node: pod,
      current: { metadata: { finalizers: ['a', 'b', 'c'] } },
      patch: {
        metadata: {
          '$deleteFromPrimitiveList/finalizers': ['a'],
          '$setElementOrder/finalizers': ['d', 'c', 'b'],
          finalizers: ['d'],
        },
      },
      result: { metadata: { finalizers: ['d', 'c', 'b'] } },
    },
  ])('$name', ({ node, current, patch, result }) => {
    expect(applyStrategicMergePatch(current, patch, node)).toEqual(result);
  });

  it('adds a container with two ports of one number', () => {
    const ports = [
      { containerPort: 53, protocol: 'UDP' },
      { containerPort: 53, protocol: 'TCP' },
    ];
    const dns = { name: 'dns', image: 'dns:1', ports };
    const patch = podOf({ ...dns, command: null });
    const before = podOf({ name: 'web', image: 'web:1' });
    expect(applyStrategicMergePatch(before, patch, pod)).toEqual(podOf(dns, { name: 'web', image: 'web:1' }));
  });

  it('leaves no directive in what it sets', () => {
    const patch = podOf(
      { $patch: 'replace' },
      { name: 'a', $patch: 'delete' },
      { name: 'b', image: 'b:1', $retainKeys: ['image', 'name'] },
    );
    expect(applyStrategicMergePatch(podOf({ name: 'c' }), patch, pod)).toEqual(podOf({ name: 'b', image: 'b:1' }));
  });

  it('refuses an item without its key', () => {
    expect(() => applyStrategicMergePatch(podOf(), podOf({ image: 'x' }), pod)).toThrow(
      'map: {"image":"x"} does not contain declared merge key: name',
    );
  });

  it('refuses a directive that there is not', () => {
    expect(() => applyStrategicMergePatch({}, { $patch: 'remove' }, pod)).toThrow('unknown patch type: "remove"');
    expect(() => applyStrategicMergePatch({}, { $patch: 'merge' }, pod)).toThrow('unknown patch type: "merge"');
  });

  it.each([
    { name: 'fields beside those to retain', spec: { strategy: { $retainKeys: ['rollingUpdate'], type: 'Recreate' } } },
    { name: 'keys to retain that are no list', spec: { strategy: { $retainKeys: 'type', type: 'Recreate' } } },
    { name: 'what to delete that is no list', spec: { '$deleteFromPrimitiveList/x': 'a' } },
    { name: 'an order that is no list', spec: { template: { spec: { '$setElementOrder/containers': 'a' } } } },
    {
      name: 'items in another order than it says',
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }],
            containers: [{ name: 'b' }, { name: 'a' }],
          },
        },
      },
    },
    {
      name: 'items that are not in the order that it says',
      spec: { template: { spec: { '$setElementOrder/containers': [], containers: [{ name: 'b' }] } } },
    },
  ])('refuses $name', ({ spec }) => {
    const current = { spec: { strategy: {}, template: { spec: { containers: [] } } } };
    expect(() => applyStrategicMergePatch(current, { spec }, deployment)).toThrow(
      expect.objectContaining({ reason: 'BadRequest' }),
    );
  });
});
