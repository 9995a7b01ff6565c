import { pods } from '@slipway/kube/resources';
import { labels } from '@slipway/delivery/names';
import { connect, type Connection } from '../connection/connection.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../program.ts';

/** Merges what all pods of an Application write, each line with its pod before it. */
export async function logs(
  application: string,
  options: GlobalOptions & { readonly follow: boolean; readonly tail?: number },
): Promise<void> {
  const connection = await connect(options);
  const { items } = await connection.client.list(pods, {
    namespace: connection.namespace,
    labelSelector: `${labels.application}=${application}`,
  });
  if (items.length === 0)
    throw new CommandFailure(
      `There are no pods of an Application "${application}" in namespace ${connection.namespace}.`,
    );
  const query = new URLSearchParams({
    ...(options.follow ? { follow: 'true' } : {}),
    ...(options.tail === undefined ? {} : { tailLines: String(options.tail) }),
  });
  await Promise.all(
    items.flatMap((pod) =>
      (pod.spec?.containers ?? []).map((container) =>
        copyLines(connection, {
          pod: pod.metadata.name ?? '',
          container: container.name,
          query: `${query.toString()}&container=${container.name}`,
        }),
      ),
    ),
  );
}

async function copyLines(
  { client, namespace }: Connection,
  { pod, container, query }: { readonly pod: string; readonly container: string; readonly query: string },
): Promise<void> {
  const { status, body } = await client.request({
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`,
  });
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) process.stdout.write(`${pod}/${container}  ${line}\n`);
  }
  if (status >= 400) throw new CommandFailure(`The log of pod ${pod} cannot be read: ${rest}`);
  if (rest !== '') process.stdout.write(`${pod}/${container}  ${rest}\n`);
}
