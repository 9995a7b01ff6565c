import { systemClock } from '@slipway/kube/platform/system-clock';
import { reachServer, type ReachedServer, type ServerWords } from '../deployment-server/reach-server.ts';
import { usageFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { describeDeliveries, describeDelivery, describeWebhooks } from '../output/webhooks.ts';
import type { DeliveryAnswer, WebhookAnswer } from '../output/webhooks.ts';
import { print, printList, printValue } from '../output/output.ts';

export interface HooksOptions extends GlobalOptions, ServerWords {
  readonly repeat: boolean;
}

interface Asked {
  /** Name or id. */
  readonly webhook?: string | undefined;
  readonly delivery?: string | undefined;
}

/** The webhooks of a deployment server, what they brought, and the way to do one of that again. */
export async function hooks({ webhook: name, delivery: id }: Asked, options: HooksOptions): Promise<void> {
  if (options.repeat && id === undefined)
    throw usageFailure(
      '--repeat repeats a delivery: name its webhook and it, such as slipway hooks production ID --repeat',
    );
  const server = await reachServer(options, { environment: process.env, clock: systemClock, name: 'hooks' });
  const { items } = await read<{ readonly items: readonly WebhookAnswer[] }>(server, '/api/v1/webhooks');
  if (name === undefined)
    return options.output === undefined ? print(describeWebhooks(items)) : printList(items, options.output);
  const path = `/api/v1/webhooks/${findWebhook(items, name).id}/deliveries`;
  if (id === undefined) return showDeliveries(server, path, options);
  const delivery = options.repeat
    ? ((await (await server.ask('POST', `${path}/${encodeURIComponent(id)}/redeliver`)).json()) as DeliveryAnswer)
    : await read<DeliveryAnswer>(server, `${path}/${encodeURIComponent(id)}`);
  if (options.output !== undefined) return printValue(delivery, options.output);
  return print(options.repeat ? `Repeated as delivery ${delivery.id}.` : describeDelivery(delivery));
}

async function showDeliveries(server: ReachedServer, path: string, { output }: HooksOptions): Promise<void> {
  const { items } = await read<{ readonly items: readonly DeliveryAnswer[] }>(server, `${path}?limit=50`);
  return output === undefined ? print(describeDeliveries(items, Date.now())) : printList(items, output);
}

async function read<T>(server: ReachedServer, path: string): Promise<T> {
  return (await (await server.ask('GET', path)).json()) as T;
}

function findWebhook(items: readonly WebhookAnswer[], name: string): WebhookAnswer {
  const found = items.filter((each) => each.id === name || each.name === name);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const known = items.map((each) => `${each.name} (${each.id})`).join(', ');
  throw usageFailure(
    found.length === 0
      ? `there is no webhook "${name}"; there are: ${known === '' ? 'none' : known}`
      : `${found.length} webhooks are called "${name}": name one by its id, of ${known}`,
  );
}
