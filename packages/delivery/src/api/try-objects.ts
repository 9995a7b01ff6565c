/** Whether the API server would take what an Application is released with, asked before the Application is changed. */
import type { Container, PodTemplateSpec, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { keyOf } from '@slipway/kube/object';
import { isQuantity } from '@slipway/kube/quantity';
import { jobs, replicaSets, services } from '@slipway/kube/resources';
import { isStatusReason, type StatusError } from '@slipway/kube/status-error';
import { firstJobs } from '../hooks/first-jobs.ts';
import { identityOf, isOurs } from '../names.ts';
import { newRelease } from '../new-release.ts';
import { applicationService, servicePatch } from '../serving-objects.ts';
import { versionReplicaSet } from '../version-objects.ts';
import type { Application } from './application.ts';
import type { Release } from './release.ts';
import type { ApplicationFault } from './find-faults.ts';
import { explainType } from './explain-type.ts';

type TryingClient = Pick<KubeClient, 'get' | 'create' | 'patch'>;

/** `application` as the API server has it, defaults included. No fault may also mean that this person may not ask. */
export async function tryObjects(client: TryingClient, application: Application): Promise<readonly ApplicationFault[]> {
  const release = trialRelease(application);
  const [ofPods, ofJobs, service] = await Promise.all([
    tryTemplate(client, application),
    tryJobs(client, application, release),
    application.spec.service === undefined
      ? undefined
      : refusalOf(tryService(client, applicationService(application), application.metadata.uid ?? '')),
  ]);
  return [
    ...ofPods,
    ...ofJobs,
    ...(service === undefined ? [] : faultsOf(service, { field: 'spec.service', path: 'spec' })),
  ];
}

/** Its pods alone. */
export async function tryTemplate(
  client: Pick<KubeClient, 'create'>,
  application: Application,
): Promise<readonly ApplicationFault[]> {
  // The template of a Deployment has been accepted there.
  return application.spec.workloadRef === undefined ? tryPods(client, application, trialRelease(application)) : [];
}

/** Of a version that may not have its name yet: neither that nor the configuration can be refused. */
function trialRelease(application: Application): Release {
  const { spec, metadata } = application;
  const asked = { identity: identityOf(spec), frozen: {} };
  return newRelease(application, { version: spec.version ?? '1', asked, name: metadata.name ?? '' });
}

async function tryPods(
  client: Pick<KubeClient, 'create'>,
  { spec: { template = {} } }: Application,
  release: Release,
): Promise<readonly ApplicationFault[]> {
  const { readable, faults } = partQuantities(template);
  const { spec } = release;
  const replicaSet = versionReplicaSet({ ...release, spec: { ...spec, template: readable } }, 0);
  const refusal = await refusalOf(client.create(replicaSets, replicaSet, { dryRun: true }));
  const tried = replicaSet.spec?.template ?? {};
  return [...faults, ...templateFaults(refusal, { field: 'spec.template', written: template, tried })];
}

/** An API server that cannot read a quantity says nothing of all the rest: what it can read is what it is asked. */
function partQuantities(template: PodTemplateSpec): {
  readonly readable: PodTemplateSpec;
  readonly faults: readonly ApplicationFault[];
} {
  const { spec } = template;
  if (spec === undefined) return { readable: template, faults: [] };
  const containers = partAll(spec.containers ?? [], 'spec.template.spec.containers');
  const initContainers = partAll(spec.initContainers ?? [], 'spec.template.spec.initContainers');
  const readable = {
    ...spec,
    containers: containers.readable,
    ...(spec.initContainers === undefined ? {} : { initContainers: initContainers.readable }),
  };
  return {
    readable: { ...template, spec: readable },
    faults: [...containers.faults, ...initContainers.faults],
  };
}

function partAll(
  containers: readonly Container[],
  field: string,
): { readonly readable: readonly Container[]; readonly faults: readonly ApplicationFault[] } {
  const judged = containers.map((container, index) => {
    const faults = quantityFaults(container, `${field}[${index}].resources`);
    const { resources: _, ...others } = container;
    return { faults, container: faults.length > 0 ? others : container };
  });
  return { readable: judged.map(({ container }) => container), faults: judged.flatMap(({ faults }) => faults) };
}

function quantityFaults({ resources = {} }: Container, field: string): readonly ApplicationFault[] {
  const { limits = {}, requests = {} } = resources;
  return Object.entries({ limits, requests }).flatMap(([part, quantities]) =>
    Object.entries(quantities).flatMap(([resource, quantity]) =>
      isQuantity(String(quantity))
        ? []
        : [{ field: `${field}.${part}.${resource}`, message: `"${quantity}" is no quantity, such as 500m or 256Mi` }],
    ),
  );
}

async function tryJobs(
  client: TryingClient,
  application: Application,
  release: Release,
): Promise<readonly ApplicationFault[]> {
  const found = await Promise.all(
    firstJobs(release, { application, services: [] }).map(async ({ path, written, job }) => {
      const refusal = await refusalOf(client.create(jobs, job, { dryRun: true }));
      return templateFaults(refusal, { field: path, written, tried: job.spec?.template ?? {} });
    }),
  );
  return found.flat();
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
const counted = /^\.spec\.(containers|initContainers)\[(\d+)\]\.(env|envFrom)\[(\d+)\]/;

/** A template as it stands in the Application, and as it was tried. */
interface TriedTemplate {
  /** Where it stands in the Application. */
  readonly field: string;
  readonly written: PodTemplateSpec;
  readonly tried: PodTemplateSpec;
}

function templateFaults(refusal: StatusError | undefined, template: TriedTemplate): readonly ApplicationFault[] {
  if (refusal === undefined) return [];
  return faultsOf(refusal, { field: template.field, path: 'spec.template' }).map((fault) => ({
    ...fault,
    field: asWritten(fault.field, template),
  }));
}

/** Before the variables of a container come those that every pod gets: `env[4]` of the pod may be `env[0]` of the manifest. */
function asWritten(fault: string, { field, written, tried }: TriedTemplate): string {
  const match = fault.startsWith(field) ? counted.exec(fault.slice(field.length)) : null;
  if (match === null) return fault;
  const [found, kind = '', container = '', list = '', position = ''] = match;
  const lengthIn = ({ spec }: PodTemplateSpec): number => {
    const all = kind === 'initContainers' ? spec?.initContainers : spec?.containers;
    const { env = [], envFrom = [] } = all?.[Number(container)] ?? {};
    return list === 'env' ? env.length : envFrom.length;
  };
  const rest = fault.slice(field.length + found.length);
  const index = Number(position) - (lengthIn(tried) - lengthIn(written));
  if (index >= 0) return `${field}.spec.${kind}[${container}].${list}[${index}]${rest}`;
  return list === 'envFrom' ? `spec.environmentFrom[${position}]${rest}` : fault;
}
