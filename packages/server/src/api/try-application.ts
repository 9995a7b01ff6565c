/** What is against an Application that somebody thinks of, all of it at once: nothing is changed. */
import { misleadingFields, withFurther, type ApplicationFault } from '@slipway/delivery/api/application-fault';
import type { Application } from '@slipway/delivery/api/application';
import { withoutNulls } from '@slipway/delivery/api/without-nulls';
import { isStatusReason, type StatusError } from '@slipway/kube/status-error';
import type { ServerContext } from '../http/context.ts';
import { faultsOf, Problem } from '../http/problem.ts';
import { writeApplication, type Condition, type Wanted } from './write-application.ts';

export interface Tried {
  readonly application: Application;
  /** What may not be read: nothing is known of it. */
  readonly unread: readonly string[];
  /** Kinds of objects that may not be tried: nothing is known of what the API server has against them. */
  readonly untried: readonly string[];
}

/**
 * Beyond what the API server holds against schema and rules: what the controller would say in a condition once it is
 * written, and whether the API server would take what it is released with. Throws a problem with every fault.
 */
export async function tryApplication(wanted: Wanted, condition: Condition, context: ServerContext): Promise<Tried> {
  const { application, refusal } = await tryWriting(wanted, condition, context);
  const misleading = misleadingFields(refusal?.details?.causes ?? []);
  const { faults, unread } = misleading.length > 0 ? nothing : await judge(application, context);
  // What tries is of use to those alone who ask.
  const { tryObjects } = await import('@slipway/delivery/api/try-objects');
  const tried = await tryObjects(context.client, application, misleading);
  const others = withFurther(faults, tried.faults);
  const refused = refusal === undefined ? [] : faultsOf(refusal);
  const isSaidBelow = others.length > 0 || misleading.length > 0;
  const errors = withFurther(isSaidBelow ? refused.filter(isOfPart) : refused, others);
  if (errors.length === 0 && refusal === undefined) return { application, unread, untried: tried.untried };
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new Problem(422, `the application ${wanted.name} would not be released: ${detail}`.slice(0, maximumDetail), {
    errors,
    cause: refusal,
  });
}

const maximumDetail = 4_000;

interface Attempt {
  /** As the API server would have it; as it was sent, where that refuses it. */
  readonly application: Application;
  readonly refusal?: StatusError;
}

async function tryWriting(wanted: Wanted, condition: Condition, { client, view }: ServerContext): Promise<Attempt> {
  try {
    return await writeApplication(wanted, condition, { client, dryRun: true });
  } catch (error) {
    if (!isStatusReason(error, 'Invalid') || error.details?.causes === undefined) throw error;
    const { namespace, name, spec } = wanted;
    const { uid } = view.applications.get({ namespace, name })?.metadata ?? {};
    return { application: withoutNulls({ metadata: { namespace, name, uid }, spec }), refusal: error };
  }
}

/** Rules of the whole name no part of it, and whoever judges by the same ones does. */
function isOfPart({ field }: ApplicationFault): boolean {
  return field !== '' && field !== 'spec';
}

interface Judgement {
  readonly faults: readonly ApplicationFault[];
  readonly unread: readonly string[];
}

const nothing: Judgement = { faults: [], unread: [] };

/**
 * The server reads by its own rights: whoever may write Applications here learns which Secrets and keys there are, as from
 * the condition that the controller would write.
 */
async function judge(application: Application, { client, view }: ServerContext): Promise<Judgement> {
  // What judges is of use to those alone who ask.
  const { findFaults } = await import('@slipway/delivery/api/find-faults');
  const { findMissing } = await import('@slipway/delivery/api/find-missing');
  const { namespace = '', name = '' } = application.metadata;
  const releases = view.releases.byIndex('application', `${namespace}/${name}`);
  const faults = await findFaults(application, releases);
  if (!hasContainers(application.spec.template)) return { faults, unread: [] };
  const { lacks, unread } = await findMissing(application, { client, releases });
  return { faults: [...faults, ...lacks.map((message) => ({ field: 'spec', message }))], unread };
}

function hasContainers(template: Application['spec']['template']): template is NonNullable<typeof template> {
  return (template?.spec?.containers ?? []).length > 0;
}
