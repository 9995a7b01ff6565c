import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { secrets } from '@slipway/kube/resources';
import { createHttpGet } from './http-get.ts';
import type { CompileExpression } from './judge-sample.ts';
import { loadCompile } from './load-compile.ts';
import type { Reach } from './reachable-address.ts';
import type { MeasuringPorts } from './take-measurement.ts';

export interface MeasuringPortsOptions extends Reach {
  readonly client: Pick<KubeClient, 'get'>;
  readonly clock: Clock;
}

/** The real ones, for the checks of the Applications of a namespace: their Secrets are read there and nowhere else. */
export function createMeasuringPorts(options: MeasuringPortsOptions): (namespace: string) => Promise<MeasuringPorts> {
  const { client, clock, loopback } = options;
  const httpGet = createHttpGet({ clock, loopback });
  let compile: Promise<CompileExpression> | undefined;
  return async (namespace) => {
    compile ??= loadCompile();
    return {
      clock,
      httpGet,
      compile: await compile,
      readSecret: (name, signal) => client.get(secrets, { namespace, name }, { signal }),
    };
  };
}
