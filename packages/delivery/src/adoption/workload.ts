/** The Deployment that an Application refers to: where its template is edited, once it has been adopted. */
import type { Deployment, PodTemplateSpec } from '@slipway/kube/api.generated';
import type { StatusCause } from '@slipway/kube/status-error';
import type { Application, ApplicationSpec } from '../api/application.ts';
import { annotations, labels } from '../names.ts';

export interface Workload {
  /** Of the Deployment. */
  readonly name: string;
  /**
   * `apart`: not there, or it still makes pods of its own. `taken`: another Application has it. `resumed`: it was adopted,
   * and somebody let it go on. `ejecting`: it gets back what it had.
   */
  readonly state: 'adopted' | 'apart' | 'taken' | 'resumed' | 'ejecting';
  /** The Application that has it, where that is another one. */
  readonly owner?: string | undefined;
}

export interface Resolved {
  readonly application: Application;
  readonly workload?: Workload | undefined;
}

/** The Application as if the template of its Deployment stood in it. The Deployment is one that bears a label of ours, or none. */
export function resolveWorkload(application: Application, deployment: Deployment | undefined): Resolved {
  const { workloadRef } = application.spec;
  if (workloadRef === undefined) return { application };
  const workload = { name: workloadRef.name, ...judge(application, deployment) };
  const template = deployment?.spec?.template;
  const isOwn = workload.state !== 'apart' && workload.state !== 'taken';
  return isOwn && template !== undefined
    ? { application: { ...application, spec: withTemplate(application.spec, template) }, workload }
    : { application, workload };
}

function judge({ metadata }: Application, deployment: Deployment | undefined): Omit<Workload, 'name'> {
  const notes = deployment?.metadata.annotations ?? {};
  const owner = notes[annotations.adoptedBy];
  if (owner === undefined) return { state: 'apart' };
  if (owner !== metadata.uid) return { state: 'taken', owner: deployment?.metadata.labels?.[labels.application] };
  if (notes[annotations.adopted] === undefined) return { state: 'apart' };
  if (notes[annotations.ejecting] !== undefined) return { state: 'ejecting' };
  return { state: deployment?.spec?.paused === true ? 'adopted' : 'resumed' };
}

const resolvedSpecs = new WeakMap<ApplicationSpec, { readonly template: object; readonly spec: ApplicationSpec }>();

/** The same object for the same two: what is calculated from a spec is remembered with it. */
function withTemplate(given: ApplicationSpec, template: PodTemplateSpec): ApplicationSpec {
  const known = resolvedSpecs.get(given);
  if (known?.template === template) return known.spec;
  const { workloadRef: _, ...others } = given;
  const spec = { ...others, template };
  resolvedSpecs.set(given, { template, spec });
  return spec;
}

/** Without a Deployment that has been adopted nothing is released; what serves goes on. */
export function validateWorkload(workload: Workload | undefined): readonly StatusCause[] {
  const message = workload === undefined ? undefined : describeMisfit(workload);
  return message === undefined ? [] : [{ reason: 'FieldValueInvalid', field: 'spec.workloadRef', message }];
}

function describeMisfit({ name, state, owner }: Workload): string | undefined {
  switch (state) {
    case 'adopted':
      return undefined;
    case 'apart':
      return `the Deployment "${name}" is not adopted, or not to the end: run \`slipway adopt ${name}\`, which shows first what it will change`;
    case 'taken':
      return `the Deployment "${name}" belongs to the Application "${owner ?? '(unknown)'}", and can have one only: give the template in spec.template, or eject it there first`;
    case 'resumed':
      return `the Deployment "${name}" was resumed and makes pods of its own beside those that serve: run \`kubectl rollout pause deployment/${name}\`, and scale down what it has made`;
    case 'ejecting':
      return `the Deployment "${name}" is being given back its pods: run \`slipway eject ${name}\` to the end`;
  }
}
