/** ReplicationControllers are ReplicaSets of old, with a plain map for a selector. */
import type { ReplicaSet, ReplicationController } from '@slipway/kube/api.generated';
import { source, type RunningController } from '@slipway/kube/controller-runtime';
import type { ResourceType } from '@slipway/kube/object';
import { replicationControllers } from '@slipway/kube/resources';
import type { ControllerContext } from '../controller-context.ts';
import { startReplicaManager, subjectOf } from '../replica-set/replica-set-controller.ts';

export function startReplicationController(context: ControllerContext): RunningController {
  const { replicationControllers: informer } = context.informers;
  // Only its status is written, and that is the same.
  const { group, version, kind, plural, namespaced } = replicationControllers;
  const type: ResourceType<ReplicaSet> = { group, version, kind, plural, namespaced };
  return startReplicaManager(context, {
    name: 'replicationcontroller',
    component: 'replication-controller',
    type,
    informer,
    source: (key) => source(informer, (change) => subjectOf(change).map(key)),
    get: (key) => {
      const found = informer.get(key);
      return found === undefined ? undefined : asReplicaSet(found);
    },
    list: (namespace) => informer.list(namespace).map(asReplicaSet),
  });
}

function asReplicaSet({ metadata, spec, status }: ReplicationController): ReplicaSet {
  return {
    metadata,
    spec: { ...spec, selector: { matchLabels: spec?.selector ?? {} } },
    status,
  };
}
