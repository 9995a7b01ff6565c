/** What an Application must fit before anything of it is written. */
import type { Application } from '@slipway/delivery/api/application';
import { identityOf } from '@slipway/delivery/names';
import { connect, type Connection } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { describeError } from '../describe-error.ts';
import { usageFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { note } from '../output/output.ts';
import { judgeApplication, withFurther, type ApplicationFault } from './application-faults.ts';
import { tryObjects } from '@slipway/delivery/api/try-objects';

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

/** Beside what is known here, what the cluster has against its pods, so that nobody meets one after the other. */
export async function requireFit(application: Application, source: string, options: GlobalOptions): Promise<void> {
  const { faults, isWhole } = await judgeApplication(application);
  if (faults.length === 0) return;
  const further = isWhole ? await tryUnfit(application, options) : [];
  requireNoFaults(application, withFurther(faults, further), source);
}

async function tryUnfit(application: Application, options: GlobalOptions): Promise<readonly ApplicationFault[]> {
  try {
    const { client, namespace } = await connect(options);
    return await tryObjects(client, { ...application, metadata: { namespace, ...application.metadata } });
  } catch (error) {
    note(`What a cluster has against its pods is not known: ${describeError(error).text}`);
    return [];
  }
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
