/** What an Application must fit before anything of it is written. */
import { withFurther, type ApplicationFault } from '@slipway/delivery/api/application-fault';
import type { Application } from '@slipway/delivery/api/application';
import { tryObjects, type ObjectTrial } from '@slipway/delivery/api/try-objects';
import { identityOf } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import { connect, type Connection } from '../connection/connection.ts';
import { listReleases } from '../connection/list-releases.ts';
import { describeError } from '../describe-error.ts';
import { usageFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { note } from '../output/output.ts';
import { judgeApplication } from './application-faults.ts';

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
  const { faults, misleading } = await judgeApplication(application);
  if (faults.length === 0) return;
  const further = await tryUnfit(application, misleading, options);
  requireNoFaults(application, withFurther(faults, further), source);
}

/** Throws with what the API server has against the objects that a release would make. */
export async function requireTaken(client: KubeClient, application: Application, source: string): Promise<void> {
  requireNoFaults(application, tell(await tryObjects(client, application)), source);
}

async function tryUnfit(
  application: Application,
  misleading: readonly string[],
  options: GlobalOptions,
): Promise<readonly ApplicationFault[]> {
  try {
    const { client, namespace } = await connect(options);
    const placed = { ...application, metadata: { namespace, ...application.metadata } };
    return tell(await tryObjects(client, placed, misleading));
  } catch (error) {
    note(`What a cluster has against its pods is not known: ${describeError(error).text}`);
    return [];
  }
}

function tell({ faults, untried }: ObjectTrial): readonly ApplicationFault[] {
  if (untried.length > 0)
    note(`Not tried: ${untried.join(', ')}. What the cluster has against these is not known: you may not create them.`);
  return faults;
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
