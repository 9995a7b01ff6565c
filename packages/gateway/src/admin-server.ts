import { createServer } from '@slipway/kube/platform/http';
import type { Logger } from '@slipway/kube/logger';
import type { DataPlane } from './data-plane.ts';
import { listen, type ListenAddress } from './listen.ts';
import { formatMetrics } from './metrics.ts';

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminServerOptions {
  readonly listen: ListenAddress;
  readonly dataPlane: Pick<DataPlane, 'traffic' | 'counters'>;
  readonly logger: Logger;
}

/** `/metrics` and `/healthz`, apart from the applications' traffic. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') {
      response.end('ok\n');
    } else if (request.url === '/metrics') {
      formatMetrics(options.dataPlane).then(
        ({ contentType, text }) => response.setHeader('Content-Type', contentType).end(text),
        (error: unknown) => {
          options.logger.error('could not format the metrics', { error });
          response.writeHead(500).end();
        },
      );
    } else {
      response.writeHead(404).end('there are /metrics and /healthz\n');
    }
  });
  const port = await listen(server, options.listen, (error) =>
    options.logger.warn('could not take a connection for the metrics', { error }),
  );
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port, close };
}
