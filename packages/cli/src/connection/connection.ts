import { createSecureContext } from 'node:tls';
import type { KubeClient } from '@slipway/kube/client';
import { createHttpTransport } from '@slipway/kube/http-transport';
import { createClient } from '@slipway/kube/kube-client';
import { inClusterContext, KubeconfigError, resolveContext, type ResolvedContext } from '@slipway/kube/kubeconfig';
import { messageOf } from '@slipway/kube/message-of';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { Transport } from '@slipway/kube/transport';
import { usageFailure } from '../failure.ts';
import type { ConnectionOptions } from '../global-options.ts';
import { readNamedKubeconfig } from './named-kubeconfig.ts';

export interface Connection {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly server: string;
}

/**
 * The cluster that the options, $KUBECONFIG, ~/.kube/config or the pod that we run in name, in this order. `through` may
 * put something between the client and the wire.
 */
export async function connect(
  options: ConnectionOptions,
  through: (transport: Transport) => Transport = (transport) => transport,
): Promise<Connection> {
  try {
    const resolved = await resolve(options);
    checkCredentials(resolved);
    const transport = createHttpTransport({ ...resolved.transport, userAgent: 'slipway' });
    return {
      client: createClient(through(explained(transport))),
      namespace: options.namespace ?? resolved.namespace,
      server: resolved.transport.server,
    };
  } catch (error) {
    throw explain(error);
  }
}

function explain(error: unknown): unknown {
  if (!(error instanceof KubeconfigError)) return error;
  return usageFailure(
    `${error.message}.\nName a kubeconfig with --kubeconfig FILE, or start a cluster with: slipway up`,
    error,
  );
}

/** Who we are is asked with each request: the token's file may be gone by then, and the plugin no longer signed in. */
function explained(transport: Transport): Transport {
  return {
    send: async (request) => {
      try {
        return await transport.send(request);
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

/** Node says what is wrong with a certificate when a connection is made, and then not whose it is. */
function checkCredentials({ contextName, transport: { ca, cert, key } }: ResolvedContext): void {
  try {
    createSecureContext({ ca, cert, key });
  } catch (error) {
    throw new KubeconfigError(
      `the certificates of the context "${contextName}" cannot be used: expected PEM, and a key that belongs to its certificate (${messageOf(error)})`,
      { cause: error },
    );
  }
}

async function resolve(options: ConnectionOptions): Promise<ResolvedContext> {
  const { config, source } = await readNamedKubeconfig(options.kubeconfig);
  if (config !== undefined)
    return resolveContext(config, {
      context: options.context,
      source,
      clock: systemClock,
      environment: process.env,
    });
  const inCluster = options.kubeconfig === undefined ? await inClusterContext(process.env) : undefined;
  if (inCluster !== undefined) return inCluster;
  throw new KubeconfigError(`there is no kubeconfig at ${source}`);
}
