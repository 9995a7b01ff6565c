import { connect } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { describeReleases } from '../output/description.ts';
import { print, printList } from '../output/output.ts';
import type { GlobalOptions } from '../global-options.ts';

export async function releases(application: string, options: GlobalOptions): Promise<void> {
  const connection = await connect(options);
  const kept = await listReleases(connection, application);
  if (options.output !== undefined) return printList(kept, options.output);
  if (kept.length === 0) return print(`No releases of "${application}" in namespace ${connection.namespace}.`);
  return print(describeReleases(kept, Date.now()));
}
