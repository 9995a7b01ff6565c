/** What an Application must fit before anything of it is written. */
import type { Application } from '@slipway/delivery/api/application';
import { identityOf } from '@slipway/delivery/names';
import type { Connection } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { usageFailure } from '../failure.ts';
import type { ApplicationFault } from './application-faults.ts';

export function requireNoFaults({ metadata }: Application, faults: readonly ApplicationFault[], source: string): void {
  if (faults.length > 0)
    throw usageFailure(
      [
        `${source}: the Application "${metadata.name ?? ''}" is invalid:`,
        ...faults.map(({ field, message }) => `  ${field}: ${message}`),
        'Nothing was changed. What fields there are: kubectl explain application.spec',
      ].join('\n'),
    );
}

/** A version that exists means its content: the controller would not take other content under its name. */
export async function checkVersion(
  { client, namespace }: Connection,
  application: Application,
  source: string,
): Promise<void> {
  const { metadata, spec } = application;
  // Whose template it is, the Deployment alone says.
  if (spec.workloadRef !== undefined) return;
  const kept = await listReleases({ client, namespace: metadata.namespace ?? namespace }, metadata.name ?? '');
  const namesake = kept.find((release) => release.spec.version === spec.version);
  if (namesake === undefined || namesake.spec.identity.template === identityOf(spec).template) return;
  throw usageFailure(
    `${source}: version ${namesake.spec.version} of ${metadata.name ?? ''} exists already with other content (since ${namesake.metadata.creationTimestamp ?? ''}).\n` +
      `Give the new content a version of its own, in spec.version or with --version. What the version holds: slipway describe ${namesake.metadata.name ?? ''} -o yaml`,
  );
}
