import { createServer } from '@slipway/kube/platform/http';
import { startListening } from '@slipway/kube/platform/start-listening';
import type { Clock } from '@slipway/kube/clock';
import type { DeliveryMetrics } from './delivery-metrics.ts';

export interface AdminServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly metrics: DeliveryMetrics;
  /** Why this process could not do its work now; undefined: it could. */
  readonly trouble: () => string | undefined;
}

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** `/livez`, `/readyz` and `/metrics`: for whoever runs the controller, and nobody else. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const send = ({ status, type, text }: Answer) => response.writeHead(status, { 'Content-Type': type }).end(text);
    answer(request.url ?? '', options).then(send, (error: unknown) =>
      send(plain(500, `could not answer: ${String(error)}\n`)),
    );
  });
  await startListening(server, { host: options.host, port: options.port });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(path: string, { clock, metrics, trouble }: AdminServerOptions): Promise<Answer> {
  switch (path) {
    // A process that answers lives: a new one would not reach the API server any better.
    case '/livez':
      return plain(200, 'ok\n');
    case '/readyz': {
      const reason = trouble() ?? (metrics.isReady ? undefined : 'the caches are not filled yet');
      return reason === undefined ? plain(200, 'ok\n') : plain(503, `not ready: ${reason}\n`);
    }
    case '/metrics': {
      const { contentType, text } = await metrics.format(clock.now());
      return { status: 200, type: contentType, text };
    }
    default:
      return plain(404, 'there are /metrics, /livez and /readyz\n');
  }
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', text };
}
