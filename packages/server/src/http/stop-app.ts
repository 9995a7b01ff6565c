import type { Clock } from '@slipway/kube/clock';
import type { App } from './build-app.ts';

/** For requests under way to be answered, and for readers of streams to say goodbye. */
const maximumEndMilliseconds = 10_000;

/** Resolves when every request that had begun is answered, and every stream ended; who takes too long is cut off. */
export async function stopApp(app: App, clock: Clock): Promise<void> {
  const cancel = clock.schedule(maximumEndMilliseconds, () => {
    for (const reader of app.websocketServer.clients) reader.terminate();
    app.server.closeAllConnections();
  });
  try {
    await app.close();
  } finally {
    cancel();
  }
}
