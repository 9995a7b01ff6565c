/** What is against an Application that somebody thinks of, all of it at once: nothing is changed. */
import type { Application } from '@slipway/delivery/api/application';
import { isStatusReason, type StatusError } from '@slipway/kube/status-error';
import type { ServerContext } from '../http/context.ts';
import { faultsOf, Problem, type FieldFault } from '../http/problem.ts';
import { writeApplication, type Condition, type Wanted } from './write-application.ts';

export interface Tried {
  readonly application: Application;
  /** What may not be read: nothing is known of it. */
  readonly unread: readonly string[];
}

/**
 * Beyond what the API server holds against schema and rules: what the controller would say in a condition once it is
 * written, and whether the API server would take its pods. Throws a problem with every fault.
 */
export async function tryApplication(wanted: Wanted, condition: Condition, context: ServerContext): Promise<Tried> {
  const { application, refusal } = await tryWriting(wanted, condition, context);
  const misleading = refusal === undefined ? [] : misleadingFields(refusal);
  const ofPods = misleading.some((field) => field.startsWith('spec.template'))
    ? []
    : await judgeTemplate(application, context);
  const { faults, unread } = misleading.length > 0 ? nothing : await judge(application, context);
  const refused = refusal === undefined ? [] : faultsOf(refusal);
  const others = [...faults, ...ofPods];
  const isSaidBelow = others.length > 0 || misleading.length > 0;
  const errors = withoutRepetition([...(isSaidBelow ? refused.filter(isOfPart) : refused), ...others]);
  if (errors.length === 0 && refusal === undefined) return { application, unread };
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

async function tryWriting(wanted: Wanted, condition: Condition, { client }: ServerContext): Promise<Attempt> {
  try {
    return await writeApplication(wanted, condition, { client, dryRun: true });
  } catch (error) {
    if (!isStatusReason(error, 'Invalid') || error.details?.causes === undefined) throw error;
    const { namespace, name, spec } = wanted;
    return { application: { metadata: { namespace, name }, spec: withoutNulls(spec) }, refusal: error };
  }
}

/** As the API server takes them away; those of lists, which it refuses, are nothing that could be judged further. */
function withoutNulls(spec: object): object {
  return JSON.parse(JSON.stringify(spec, (_, value: unknown) => withoutNull(value))) as object;
}

function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null);
  return value === null ? undefined : value;
}

/** Of a spec in which something is missing, or of another type, nobody can say more: only of its template, where that is whole. */
function misleadingFields({ details }: StatusError): readonly string[] {
  return (details?.causes ?? [])
    .filter(({ reason }) => reason === 'FieldValueRequired' || reason === 'FieldValueTypeInvalid')
    .map(({ field = '' }) => field);
}

/** Rules of the whole name no part of it, and whoever judges by the same ones does. */
function isOfPart({ field }: FieldFault): boolean {
  return field !== '' && field !== 'spec';
}

/** The first that is said of a field; of a part of it there may be more to say. */
function withoutRepetition(faults: readonly FieldFault[]): readonly FieldFault[] {
  return faults.filter(
    ({ field }, index) => field === 'spec' || faults.findIndex((each) => each.field === field) === index,
  );
}

interface Judgement {
  readonly faults: readonly FieldFault[];
  readonly unread: readonly string[];
}

const nothing: Judgement = { faults: [], unread: [] };

async function judgeTemplate(
  { metadata, spec: { template } }: Application,
  { client }: ServerContext,
): Promise<readonly FieldFault[]> {
  if (!hasContainers(template)) return [];
  const { tryTemplate } = await import('@slipway/delivery/api/try-objects');
  return tryTemplate(client, { metadata, spec: { template } });
}

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
