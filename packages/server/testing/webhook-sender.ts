/** Another system that tells a server of pushes. */
import { setTimeout } from 'node:timers/promises';
import { findDelivery } from '../src/webhooks/deliveries.ts';
import type { SenderName, WebhookTarget } from '../src/webhooks/webhook.ts';
import type { Answer, TestServer } from './test-server.ts';
import { sendAs } from './webhook-messages.ts';

export interface TestSender {
  readonly id: string;
  readonly secret: string;
  /** The message with what shows that it is genuine; `change` makes something else of it on the way. */
  push(payload: unknown, change?: (sent: ReturnType<typeof sendAs>) => ReturnType<typeof sendAs>): Promise<Answer>;
  deliveries(): Promise<Answer['body'][]>;
  /** Resolves with a delivery that is over. */
  outcome(delivery: string): Promise<Answer['body']>;
}

export const webhooksPath = '/api/v1/webhooks';

export async function createSender(
  server: TestServer,
  sender: SenderName,
  target: WebhookTarget,
  more: object = {},
): Promise<TestSender> {
  const created = await server.call('POST', webhooksPath, { body: { name: `of ${sender}`, sender, target, ...more } });
  if (created.status !== 201) throw new Error(JSON.stringify(created.body));
  const { secret, webhook } = created.body;
  const path = `${webhooksPath}/${webhook.id}/deliveries`;
  return {
    id: webhook.id,
    secret,
    push: (payload, change = (sent) => sent) => {
      const { headers, body, pathSecret } = change(sendAs(sender, payload, secret));
      const address = `/hooks/${webhook.id}${pathSecret === undefined ? '' : `/${pathSecret}`}`;
      return server.call('POST', address, { token: '', headers, body });
    },
    deliveries: async () => (await server.call('GET', path)).body.items,
    outcome: async (delivery) => {
      for (;;) {
        const found = await findDelivery(server.database, webhook.id, delivery);
        if (found === undefined) throw new Error(`there is no delivery ${delivery}`);
        if (found.finishedAt !== undefined) return (await server.call('GET', `${path}/${delivery}`)).body;
        // Programs that it runs take real time, and releases virtual time.
        await Promise.all([server.cluster.advance(500), setTimeout(10)]);
      }
    },
  };
}
