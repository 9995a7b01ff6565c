import { applications } from '@slipway/delivery/api/application';
import { releaseGroups } from '@slipway/delivery/api/release-group';
import { releases } from '@slipway/delivery/api/release';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { connect } from '../connection/connection.ts';
import { CommandFailure } from '../failure.ts';
import { describeApplication, describeGroup, describeRelease } from '../output/description.ts';
import { print, printObjects } from '../output/output.ts';
import type { GlobalOptions } from '../global-options.ts';

/** A name is an Application's, or else a Release's, or else a ReleaseGroup's. */
export async function describe(name: string, options: GlobalOptions): Promise<void> {
  const { client, namespace } = await connect(options);
  const application = await absentAsUndefined(client.get(applications, { namespace, name }));
  const release =
    application === undefined ? await absentAsUndefined(client.get(releases, { namespace, name })) : undefined;
  const isOther = application === undefined && release === undefined;
  const group = isOther ? await absentAsUndefined(client.get(releaseGroups, { namespace, name })) : undefined;
  const found = application ?? release ?? group;
  if (found === undefined)
    throw new CommandFailure(
      `There is no Application, no Release and no ReleaseGroup named "${name}" in namespace ${namespace}.`,
    );
  if (options.output !== undefined) return printObjects([found], options.output);
  const now = Date.now();
  if (application !== undefined) print(describeApplication(application, now).join('\n'));
  if (release !== undefined) print(describeRelease(release, now).join('\n'));
  if (group !== undefined) print(describeGroup(group, now).join('\n'));
  return undefined;
}
