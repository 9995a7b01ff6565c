import { observeAdoption } from '@slipway/delivery/adoption/observe-adoption';
import { chooseApplication, planAdoption } from '@slipway/delivery/adoption/plan-adoption';
import { applications } from '@slipway/delivery/api/application';
import { strategies } from '@slipway/delivery/strategies/strategies';
import { connect } from '../connection/connection.ts';
import { usageFailure } from '../failure.ts';
import { handOver, type HandoverOptions } from '../handover/hand-over.ts';

export interface AdoptOptions extends HandoverOptions {
  readonly name?: string;
  readonly strategy?: string;
  readonly moveHpa: boolean;
}

/** Makes an Application of a Deployment that runs. */
export async function adopt(deployment: string, options: AdoptOptions): Promise<void> {
  const { strategy } = options;
  if (strategy !== undefined && !(strategy in strategies))
    throw usageFailure(
      `--strategy ${strategy} is none, expected one of: ${Object.keys(strategies).join(', ')}. Nothing was changed.`,
    );
  const connection = await connect(options);
  const { client, namespace } = connection;
  const { signal } = new AbortController();
  const seen = await observeAdoption({ client, namespace, deployment, signal });
  const application = options.name ?? chooseApplication(seen, deployment);
  const request = { namespace, deployment, application, strategy, movesAutoscaler: options.moveHpa };
  await handOver(connection, {
    deployment,
    seen,
    plan: (world) => planAdoption(world, request),
    writes: [{ verb: 'create', type: applications }],
    nothing: `The Deployment ${deployment} is adopted already, by the Application ${application}.`,
    conclusion: `The Application ${application} has the pods of the Deployment ${deployment}, and none was restarted. A change of the Deployment's template is a release from now on.`,
    options,
  });
}
