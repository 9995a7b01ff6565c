import { releases as releaseType } from '@slipway/delivery/api/release';
import { labels } from '@slipway/delivery/names';
import { connect } from '../connection/connection.ts';
import { describeReleases } from '../output/description.ts';
import { print, printList } from '../output/output.ts';
import type { GlobalOptions } from '../global-options.ts';

export async function releases(application: string, options: GlobalOptions): Promise<void> {
  const { client, namespace } = await connect(options);
  const { items } = await client.list(releaseType, {
    namespace,
    labelSelector: `${labels.application}=${application}`,
  });
  if (options.output !== undefined) return printList(items, options.output);
  if (items.length === 0) return print(`No releases of "${application}" in namespace ${namespace}.`);
  return print(describeReleases(items, Date.now()));
}
