/**
 * What the controller will not take, for whoever can still change it: judged by the very functions that judge it there. Beyond
 * what the API server holds against schema and rules, of an Application as that would have it, defaults included.
 */
import type { StatusCause } from '@slipway/kube/status-error';
import { CheckExpressions } from '../controller/check-expressions.ts';
import { identityOf } from '../names.ts';
import { validateApplication } from '../validate-application.ts';
import type { ApplicationFault } from './application-fault.ts';
import type { Application } from './application.ts';
import type { Release } from './release.ts';

/** `releases` are those that the Application has. */
export async function findFaults(
  application: Application,
  releases: readonly Release[],
): Promise<readonly ApplicationFault[]> {
  const causes: readonly StatusCause[] = [
    ...validateApplication(application),
    ...(await new CheckExpressions().findFaults(application.spec.checks)),
  ];
  return [
    ...causes.map(({ field = '', message }) => ({ field, message })),
    ...findNamesakes(application.spec, releases).map(describeNamesake),
  ];
}

/** A version that exists means its content. Whose template it is, a Deployment alone says. */
function findNamesakes(spec: Application['spec'], releases: readonly Release[]): readonly Release[] {
  if (spec.workloadRef !== undefined || spec.version === undefined || spec.version === '#') return [];
  return releases.filter(
    (release) => release.spec.version === spec.version && release.spec.identity.template !== identityOf(spec).template,
  );
}

function describeNamesake({ spec, metadata }: Release): ApplicationFault {
  return {
    field: 'spec.version',
    message: `version ${spec.version} exists with other content since ${metadata.creationTimestamp ?? ''}: give the new content a version of its own`,
  };
}
