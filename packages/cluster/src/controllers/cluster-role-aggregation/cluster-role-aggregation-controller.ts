import type { ClusterRole, PolicyRule } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { Informer } from '@slipway/kube/informer';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Logger } from '@slipway/kube/logger';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { clusterRoles } from '@slipway/kube/resources';
import { combineRules } from '../../api/rbac/combine-rules.ts';

export interface ClusterRoleAggregationOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface AggregationObserved {
  readonly sum: ClusterRole;
  readonly all: readonly ClusterRole[];
}

export interface AggregationAction {
  readonly kind: 'setRules';
  readonly rules: readonly PolicyRule[];
}

export function reconcileAggregation({ sum, all }: AggregationObserved): Plan<AggregationAction> {
  if (sum.aggregationRule === undefined || sum.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const rules = combineRules(sum, all);
  return { actions: isSameJson(rules, sum.rules ?? []) ? [] : [{ kind: 'setRules', rules }] };
}

/** Gives ClusterRoles that sum up others their rules. Has an informer of its own, which a start does not wait for. */
export function startClusterRoleAggregationController(options: ClusterRoleAggregationOptions): RunningController {
  const informer = new Informer({ ...options, type: clusterRoles });
  const sums = (): readonly ObjectKey[] =>
    informer
      .list()
      .filter(({ aggregationRule }) => aggregationRule !== undefined)
      .map(keyOf);
  const running = runController(new ClusterRoleAggregationController(options.client, informer), {
    ...options,
    // Any role may be part of any sum, before its change or after.
    sources: [source(informer, sums)],
  });
  informer.start(options.signal);
  return running;
}

class ClusterRoleAggregationController implements Controller<AggregationObserved, AggregationAction> {
  readonly name = 'clusterrole-aggregation';
  readonly #client: KubeClient;
  readonly #informer: Informer<ClusterRole>;

  constructor(client: KubeClient, informer: Informer<ClusterRole>) {
    this.#client = client;
    this.#informer = informer;
  }

  observe(key: ObjectKey): AggregationObserved | undefined {
    const sum = this.#informer.get(key);
    return sum === undefined ? undefined : { sum, all: this.#informer.list() };
  }

  reconcile(observed: AggregationObserved): Plan<AggregationAction> {
    return reconcileAggregation(observed);
  }

  async apply({ actions }: Plan<AggregationAction>, { sum }: AggregationObserved): Promise<void> {
    for (const { rules } of actions) {
      await this.#client.update(
        clusterRoles,
        { ...sum, rules },
        { fieldManager: 'clusterrole-aggregation-controller' },
      );
    }
  }
}
