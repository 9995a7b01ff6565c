import type { OwnerReference } from '@slipway/kube/api.generated';
import { deployments, pods } from '@slipway/kube/resources';
import { describe, expect, it } from 'vitest';
import type { GraphNode } from './owner-graph.ts';
import { reconcileGarbage, type GarbageObserved, type Ownership } from './reconcile-garbage.ts';

function ownerReference(uid: string, blockOwnerDeletion = true): OwnerReference {
  return { apiVersion: 'apps/v1', kind: 'Deployment', name: uid, uid, controller: true, blockOwnerDeletion };
}

function graphNode(uid: string, more: Partial<GraphNode> = {}): GraphNode {
  return {
    uid,
    type: uid.startsWith('pod') ? pods : deployments,
    key: { namespace: 'default', name: uid },
    resourceVersion: '1',
    owners: [],
    finalizers: [],
    isDeleting: false,
    ...more,
  };
}

function owned(owners: readonly Ownership[], more: Partial<GarbageObserved> = {}): GarbageObserved {
  const node = graphNode('pod', { owners: owners.map(({ reference }) => reference) });
  return { node, owners, dependents: [], ...more };
}

function ownership(uid: string, state: Ownership['state']): Ownership {
  return { reference: ownerReference(uid), state };
}

const deletingForeground = graphNode('web', { isDeleting: true, finalizers: ['foregroundDeletion'] });
const deletingOrphan = graphNode('web', { isDeleting: true, finalizers: ['orphan'] });
const dependent = graphNode('pod', { owners: [ownerReference('web')] });

/** What happens to which object. */
function actionsFor(observed: GarbageObserved): readonly string[] {
  return reconcileGarbage(observed).actions.map((action) => {
    switch (action.kind) {
      case 'delete':
        return `delete ${action.node.uid} ${action.propagationPolicy}`;
      case 'setOwners':
        return `owners of ${action.node.uid}: ${action.owners.map(({ uid }) => uid).join(',')}`;
      case 'removeFinalizer':
        return `${action.node.uid} without ${action.finalizer}`;
      case 'look':
        return `look at ${action.uids.join(',')}`;
      default:
        throw new Error('unknown action');
    }
  });
}

const rows: readonly {
  readonly name: string;
  readonly observed: GarbageObserved;
  readonly actions: readonly string[];
}[] = [
  { name: 'what nobody owns stays', observed: owned([]), actions: [] },
  { name: 'what has its owner stays', observed: owned([ownership('web', 'present')]), actions: [] },
  {
    name: 'what lost its only owner goes',
    observed: owned([ownership('web', 'absent')]),
    actions: ['delete pod Background'],
  },
  {
    name: 'one owner is enough to stay, and the lost one is forgotten',
    observed: owned([ownership('web', 'absent'), ownership('other', 'present')]),
    actions: ['owners of pod: other'],
  },
  {
    name: 'what its owner waits for goes',
    observed: owned([ownership('web', 'waitingForDependents')]),
    actions: ['delete pod Background'],
  },
  {
    name: 'what its owner waits for and has dependents itself goes after them',
    observed: owned([ownership('web', 'waitingForDependents')], { dependents: [graphNode('pod-2')] }),
    actions: ['delete pod Foreground'],
  },
  {
    name: 'what is being deleted already is left to itself',
    observed: { node: graphNode('pod', { isDeleting: true }), owners: [ownership('web', 'absent')], dependents: [] },
    actions: [],
  },
  {
    name: 'foreground deletion waits for dependents that block it',
    observed: { node: deletingForeground, owners: [], dependents: [dependent] },
    actions: ['look at pod'],
  },
  {
    name: 'foreground deletion asks for nothing twice',
    observed: { node: deletingForeground, owners: [], dependents: [{ ...dependent, isDeleting: true }] },
    actions: [],
  },
  {
    name: 'foreground deletion does not wait for dependents that do not block it',
    observed: {
      node: deletingForeground,
      owners: [],
      dependents: [graphNode('pod', { owners: [ownerReference('web', false)] })],
    },
    actions: ['web without foregroundDeletion'],
  },
  {
    name: 'foreground deletion ends when the dependents are gone',
    observed: { node: deletingForeground, owners: [], dependents: [] },
    actions: ['web without foregroundDeletion'],
  },
  {
    name: 'orphaning frees the dependents before the owner goes',
    observed: { node: deletingOrphan, owners: [], dependents: [dependent] },
    actions: ['owners of pod: ', 'web without orphan'],
  },
];

describe('reconcileGarbage', () => {
  for (const { name, observed, actions } of rows) it(name, () => expect(actionsFor(observed)).toEqual(actions));
});
