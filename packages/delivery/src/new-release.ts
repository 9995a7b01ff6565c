import type { Application, ApplicationSpec } from './api/application.ts';
import type { AdoptedVersion, Release, ReleaseSpec } from './api/release.ts';
import { withRequest, type Request } from './api/requested-by.ts';
import type { Asked } from './asked.ts';
import { annotations, labels } from './names.ts';

type Content = Pick<Asked, 'identity' | 'frozen'>;

interface Record {
  readonly version: string;
  readonly asked: Content;
  readonly name: string;
  readonly adopted?: AdoptedVersion | undefined;
  /** Who asks for it, as claimed. */
  readonly request?: Request | undefined;
}

/** The record of one attempt: a copy of what was asked, with the defaults that hold for it. */
export function newRelease(application: Application, { version, asked, name, adopted, request }: Record): Release {
  const { spec, metadata } = application;
  const made = {
    name,
    namespace: metadata.namespace,
    labels: { [labels.application]: metadata.name ?? '' },
    annotations: { [annotations.ownerUid]: metadata.uid ?? '' },
  };
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Release',
    metadata: request === undefined ? made : withRequest(made, request),
    spec: {
      application: metadata.name ?? '',
      applicationUid: metadata.uid ?? '',
      version,
      identity: asked.identity,
      ...(Object.keys(asked.frozen).length === 0 ? {} : { frozen: asked.frozen }),
      template: spec.template ?? {},
      ...(spec.service === undefined ? {} : { service: spec.service }),
      ...(spec.environmentFrom === undefined ? {} : { environmentFrom: spec.environmentFrom }),
      ...(adopted === undefined ? {} : { adopted }),
      ...termsOf(spec),
    },
  };
}

/** How it is released: in force for this release, whatever becomes of the Application meanwhile. */
function termsOf({
  healthCheck,
  checks,
  hooks,
  strategy = { type: 'rolling' },
  guardSeconds = 300,
  progressDeadlineSeconds = 600,
  drainSeconds = 30,
  keepFailedSeconds = 30,
}: ApplicationSpec): Omit<ReleaseSpec, 'application' | 'applicationUid' | 'version' | 'identity' | 'template'> {
  const terms = { strategy, guardSeconds, progressDeadlineSeconds, drainSeconds, keepFailedSeconds };
  return {
    ...terms,
    ...(healthCheck === undefined ? {} : { healthCheck }),
    ...(checks === undefined ? {} : { checks }),
    ...(hooks === undefined ? {} : { hooks }),
  };
}
