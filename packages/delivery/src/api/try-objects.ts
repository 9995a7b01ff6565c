/** Whether the API server would take what an Application is released with, asked before the Application is changed. */
import { isRightHeld, type AccessRight } from '@slipway/kube/access-right';
import type { Container, PodTemplateSpec } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { isQuantity } from '@slipway/kube/quantity';
import { jobs, replicaSets, services } from '@slipway/kube/resources';
import { isStatusReason, type StatusError } from '@slipway/kube/status-error';
import { firstJobs } from '../hooks/first-jobs.ts';
import { identityOf, isOurs } from '../names.ts';
import { newRelease } from '../new-release.ts';
import { applicationService, servicePatch } from '../serving-objects.ts';
import { versionReplicaSet } from '../version-objects.ts';
import type { ApplicationFault } from './application-fault.ts';
import type { Application } from './application.ts';
import type { Release } from './release.ts';
import { explainType } from './explain-type.ts';
import { withoutNulls } from './without-nulls.ts';

type TryingClient = Pick<KubeClient, 'get' | 'create' | 'patch'>;

export interface ObjectTrial {
  readonly faults: readonly ApplicationFault[];
  /** Kinds of objects that whoever asks may not try: what the API server has against them is not known. */
  readonly untried: readonly string[];
}

/**
 * `application` as the API server has it, defaults included, or as it refuses it: `misleading` are the fields of which
 * something is missing or of another type there. Of such a spec the pods alone are tried, and those where they are whole.
 */
export async function tryObjects(
  client: TryingClient,
  application: Application,
  misleading: readonly string[] = [],
): Promise<ObjectTrial> {
  if (misleading.some(isOfTemplate)) return { faults: [], untried: [] };
  const { metadata, spec } = withoutNulls(application);
  const whole = { metadata, spec: misleading.length === 0 ? spec : { template: spec.template } };
  const release = trialRelease(whole);
  const trials = await Promise.all([
    tryPods(client, whole, release),
    ...tryJobs(client, whole, release),
    tryService(client, whole),
  ]);
  return {
    faults: trials.flatMap(({ faults }) => faults),
    untried: [...new Set(trials.flatMap(({ untried }) => untried))],
  };
}

/** What is said of everything is said of the template too. */
function isOfTemplate(field: string): boolean {
  return field === '' || field === 'spec' || field.startsWith('spec.template');
}

/** Of a version that may not have its name yet: neither that nor the configuration can be refused. */
function trialRelease(application: Application): Release {
  const { spec, metadata } = application;
  const asked = { identity: identityOf(spec), frozen: {} };
  return newRelease(application, { version: spec.version ?? '1', asked, name: metadata.name ?? '' });
}

async function tryPods(client: TryingClient, { spec }: Application, release: Release): Promise<ObjectTrial> {
  // The template of a Deployment has been accepted there.
  if (spec.workloadRef !== undefined || spec.template === undefined) return taken;
  const { template } = spec;
  const { readable, faults } = partQuantities(template);
  const replicaSet = versionReplicaSet({ ...release, spec: { ...release.spec, template: readable } }, 0);
  const tried = replicaSet.spec?.template ?? {};
  const found = await tryToCreate(client, replicaSets, replicaSet, (refusal) =>
    templateFaults(refusal, { field: 'spec.template', written: template, tried }),
  );
  return { ...found, faults: [...faults, ...found.faults] };
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

function tryJobs(
  client: TryingClient,
  application: Application,
  release: Release,
): ReadonlyArray<Promise<ObjectTrial>> {
  return firstJobs(release, { application, services: [] }).map(({ path, written, job }) =>
    tryToCreate(client, jobs, job, (refusal) =>
      templateFaults(refusal, { field: path, written, tried: job.spec?.template ?? {} }),
    ),
  );
}

async function tryService(client: TryingClient, application: Application): Promise<ObjectTrial> {
  if (application.spec.service === undefined) return taken;
  const wanted = applicationService(application);
  const key = keyOf(wanted);
  const existing = await client.get(services, key).catch(ifSeen);
  if (existing === 'unseen') return untried(services);
  const told = (refusal: StatusError): readonly ApplicationFault[] =>
    faultsOf(refusal, { field: 'spec.service', path: 'spec' });
  if (existing === undefined) return await tryToCreate(client, services, wanted, told);
  // One of somebody else is never changed; the Application says so in its conditions.
  if (!isOurs(existing, application.metadata.uid ?? '')) return taken;
  const body = servicePatch(existing, wanted);
  return await trialOf(client.patch(services, key, { type: 'merge', body }, { dryRun: true }), {
    client,
    right: { verb: 'patch', type: services, namespace: key.namespace },
    told,
  });
}

function ifSeen(error: unknown): 'unseen' | undefined {
  if (isStatusReason(error, 'Forbidden')) return 'unseen';
  if (isStatusReason(error, 'NotFound')) return undefined;
  throw error;
}

const taken: ObjectTrial = { faults: [], untried: [] };

function untried({ kind }: ResourceType): ObjectTrial {
  return { faults: [], untried: [kind] };
}

interface Asking {
  readonly client: Pick<KubeClient, 'create'>;
  /** Without it nothing is tried. */
  readonly right: AccessRight;
  readonly told: (refusal: StatusError) => readonly ApplicationFault[];
}

function tryToCreate<T extends KubeObject>(
  client: Pick<KubeClient, 'create'>,
  type: ResourceType<T>,
  object: T,
  told: Asking['told'],
): Promise<ObjectTrial> {
  const right = { verb: 'create', type, namespace: object.metadata.namespace };
  return trialOf(client.create(type, object, { dryRun: true }), { client, right, told });
}

/** Only what is wrong with the content: what exists already, or has just changed, is for the controller to judge. */
async function trialOf(trial: Promise<unknown>, { client, right, told }: Asking): Promise<ObjectTrial> {
  try {
    await trial;
    return taken;
  } catch (error) {
    if (isStatusReason(error, 'AlreadyExists', 'Conflict')) return taken;
    if (isStatusReason(error, 'Invalid', 'BadRequest', 'RequestEntityTooLarge'))
      return { faults: told(error), untried: [] };
    if (!isStatusReason(error, 'Forbidden')) throw error;
    // Who has the right is refused by an admission, as the controller would be.
    return (await isHeld(client, right)) ? { faults: told(error), untried: [] } : untried(right.type);
  }
}

/** Who may not even ask that holds nothing. */
async function isHeld(client: Asking['client'], right: AccessRight): Promise<boolean> {
  try {
    return await isRightHeld(client, right);
  } catch (error) {
    if (isStatusReason(error, 'Forbidden')) return false;
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
  // Objects are named after the Application, whose name is judged as its own.
  return causes
    .filter((cause) => cause.field !== 'metadata.name')
    .map((cause) => ({ field: inApplication(cause.field ?? ''), message: cause.message }));
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

function templateFaults(refusal: StatusError, template: TriedTemplate): readonly ApplicationFault[] {
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
