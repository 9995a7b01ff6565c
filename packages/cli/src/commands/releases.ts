import { releases as releaseType, type Release } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import { connect } from '../connection/connection.ts';
import { print, printObjects, table } from '../output/output.ts';
import type { GlobalOptions } from '../program.ts';

export async function releases(application: string, options: GlobalOptions): Promise<void> {
  const { client, namespace } = await connect(options);
  const { items } = await client.list(releaseType, {
    namespace,
    labelSelector: `${labels.application}=${application}`,
  });
  const newestFirst = items.toSorted((a, b) =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
  );
  if (options.output !== undefined) return printObjects(newestFirst, options.output);
  if (items.length === 0) return print(`No releases of "${application}" in namespace ${namespace}.`);
  return print(table(['VERSION', 'PHASE', 'STRATEGY', 'STARTED', 'ENDED', 'REASON'], newestFirst.map(row)));
}

function row({ spec, status }: Release): readonly string[] {
  return [
    spec.version,
    status?.phase ?? 'Pending',
    spec.strategy.type,
    status?.startedAt ?? '-',
    status?.finishedAt ?? '-',
    status?.ending?.reason ?? status?.waitingFor ?? '',
  ];
}
