/** Whether the API server would take what an Application is released with, asked before the Application is changed. */
import type { Application } from '@slipway/delivery/api/application';
import { identityOf, isOurs } from '@slipway/delivery/names';
import { newRelease } from '@slipway/delivery/new-release';
import { applicationService, servicePatch } from '@slipway/delivery/serving-objects';
import { versionReplicaSet } from '@slipway/delivery/version-objects';
import type { PodTemplateSpec, ReplicaSet, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { keyOf } from '@slipway/kube/object';
import { replicaSets, services } from '@slipway/kube/resources';
import { isStatusReason, type StatusError } from '@slipway/kube/status-error';
import type { ApplicationFault } from './application-faults.ts';
import { explainType } from './explain-refusal.ts';

type TryingClient = Pick<KubeClient, 'get' | 'create' | 'patch'>;

/** `application` as the API server has it, defaults included. No fault may also mean that this person may not ask. */
export async function tryObjects(client: TryingClient, application: Application): Promise<readonly ApplicationFault[]> {
  const replicaSet = trialReplicaSet(application);
  const [pods, service] = await Promise.all([
    // The template of a Deployment has been accepted there.
    application.spec.workloadRef === undefined
      ? refusalOf(client.create(replicaSets, replicaSet, { dryRun: true }))
      : undefined,
    application.spec.service === undefined
      ? undefined
      : refusalOf(tryService(client, applicationService(application), application.metadata.uid ?? '')),
  ]);
  const { template = {} } = application.spec;
  return [
    ...(pods === undefined ? [] : faultsOf(pods, { field: 'spec.template', path: 'spec.template' })).map((fault) => ({
      ...fault,
      field: asWritten(fault.field, template, replicaSet.spec?.template ?? {}),
    })),
    ...(service === undefined ? [] : faultsOf(service, { field: 'spec.service', path: 'spec' })),
  ];
}

/** Of a version that may not have its name yet: neither that nor the configuration can be refused. */
function trialReplicaSet(application: Application): ReplicaSet {
  const { spec, metadata } = application;
  const asked = { identity: identityOf(spec), frozen: {} };
  return versionReplicaSet(
    newRelease(application, { version: spec.version ?? '1', asked, name: metadata.name ?? '' }),
    0,
  );
}

async function tryService(client: TryingClient, wanted: Service, applicationUid: string): Promise<void> {
  const key = keyOf(wanted);
  const existing = await client.get(services, key).catch(ifThere);
  if (existing === undefined) await client.create(services, wanted, { dryRun: true });
  // One of somebody else is never changed; the Application says so in its conditions.
  else if (isOurs(existing, applicationUid))
    await client.patch(services, key, { type: 'merge', body: servicePatch(existing, wanted) }, { dryRun: true });
}

function ifThere(error: unknown): undefined {
  if (!isStatusReason(error, 'NotFound')) throw error;
}

/**
 * Only what is wrong with the content. Who may give Applications need not be allowed to make ReplicaSets, and what exists
 * already, or has just changed, is for the controller to judge.
 */
async function refusalOf(trial: Promise<unknown>): Promise<StatusError | undefined> {
  try {
    await trial;
    return undefined;
  } catch (error) {
    if (isStatusReason(error, 'Invalid', 'BadRequest')) return error;
    if (isStatusReason(error, 'Forbidden', 'AlreadyExists', 'Conflict')) return undefined;
    throw error;
  }
}

interface Place {
  /** Of the Application. */
  readonly field: string;
  /** Where its content stands in the object that was tried. */
  readonly path: string;
}

function faultsOf({ message, details }: StatusError, { field, path }: Place): readonly ApplicationFault[] {
  const inApplication = (tried: string): string => (tried.startsWith(path) ? field + tried.slice(path.length) : field);
  const unfit = explainType(message);
  if (unfit !== undefined) return [{ ...unfit, field: inApplication(unfit.field) }];
  const causes = details?.causes ?? [];
  if (causes.length === 0) return [{ field, message: message.replace(preamble, '') }];
  return causes.map((cause) => ({ field: inApplication(cause.field ?? ''), message: cause.message }));
}

const preamble = /^\S+ in version "\S+" cannot be handled as a \S+: /;
const counted = /^spec\.template\.spec\.containers\[(\d+)\]\.(env|envFrom)\[(\d+)\]/;

/** Before the variables of a container come those that every pod gets: `env[4]` of the pod may be `env[0]` of the manifest. */
function asWritten(field: string, written: PodTemplateSpec, tried: PodTemplateSpec): string {
  return field.replace(counted, (whole, container: string, list: 'env' | 'envFrom', position: string) => {
    const lengthIn = ({ spec }: PodTemplateSpec): number => spec?.containers?.[Number(container)]?.[list]?.length ?? 0;
    const index = Number(position) - (lengthIn(tried) - lengthIn(written));
    if (index >= 0) return `spec.template.spec.containers[${container}].${list}[${index}]`;
    return list === 'envFrom' ? `spec.environmentFrom[${position}]` : whole;
  });
}
