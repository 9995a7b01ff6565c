import { isEjected, planEjection } from '@slipway/delivery/adoption/plan-ejection';
import { applications } from '@slipway/delivery/api/application';
import { releases } from '@slipway/delivery/api/release';
import { podDisruptionBudgets, replicaSets, services } from '@slipway/kube/resources';
import { connect } from '../connection/connection.ts';
import { handOver, type HandoverOptions } from '../handover/hand-over.ts';

export interface EjectOptions extends HandoverOptions {
  readonly moveHpa: boolean;
}

/** Gives a Deployment back what an Application had of it. */
export async function eject(deployment: string, options: EjectOptions): Promise<void> {
  const connection = await connect(options);
  const request = { namespace: connection.namespace, deployment, movesAutoscaler: options.moveHpa };
  const removed = [applications, releases, replicaSets, services, podDisruptionBudgets];
  await handOver(connection, {
    deployment,
    plan: (world) => planEjection(world, request),
    isDone: isEjected,
    writes: removed.map((type) => ({ verb: 'delete', type })),
    nothing: `The Deployment ${deployment} is not adopted.`,
    conclusion: `The Deployment ${deployment} has its pods back, and none was restarted. It rolls out by itself again.`,
    options,
  });
}
