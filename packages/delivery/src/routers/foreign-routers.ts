/** Starts the controller of a router when the first Split goes by it: most clusters have none. */
import type { ForeignRouter } from '@slipway/kube/split';
import type { RouteControllerOptions } from './route-controller.ts';
import { routersOf } from './routers-of.ts';

type Run = (options: RouteControllerOptions) => Promise<void>;

const loaders: Readonly<Record<ForeignRouter, () => Promise<Run>>> = {
  gatewayApi: async () => {
    const [{ gatewayApi }, { runRouteController }] = await Promise.all([
      import('./gateway-api.ts'),
      import('./route-controller.ts'),
    ]);
    return (options) => runRouteController(gatewayApi, options);
  },
  ingressNginx: async () => {
    const [{ ingressNginx }, { runRouteController }] = await Promise.all([
      import('./ingress-nginx.ts'),
      import('./route-controller.ts'),
    ]);
    return (options) => runRouteController(ingressNginx, options);
  },
  istio: async () => {
    const [{ istio }, { runRouteController }] = await Promise.all([
      import('./istio.ts'),
      import('./route-controller.ts'),
    ]);
    return (options) => runRouteController(istio, options);
  },
};

/** Resolves after the signal, when nothing is written any more. */
export async function followForeignRouters(options: RouteControllerOptions): Promise<void> {
  const { splits, signal, logger } = options;
  const running = new Map<ForeignRouter, Promise<void>>();
  const start = async (name: ForeignRouter): Promise<void> => {
    try {
      const run = await loaders[name]();
      await run(options);
    } catch (error) {
      running.delete(name);
      logger.error('the controller of a router has ended', { controller: `router-${name}`, error });
    }
  };
  const unsubscribe = splits.onChange(({ current }) => {
    for (const name of current === undefined || signal.aborted ? [] : routersOf(current))
      if (!running.has(name)) running.set(name, start(name));
  });
  await aborted(signal);
  unsubscribe();
  await Promise.all(running.values());
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
