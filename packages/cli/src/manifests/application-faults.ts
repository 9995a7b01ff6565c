/** An Application held against the schema that the API server holds it against, without any server. */
import { customResources } from '@slipway/cluster/schema/custom-resource';
import type { ResourceDefinition } from '@slipway/cluster/schema/definition';
import { withLateModules } from '@slipway/cluster/schema/late-module';
import { shapeObject } from '@slipway/cluster/schema/shape';
import { misleadingFields, withFurther, type ApplicationFault } from '@slipway/delivery/api/application-fault';
import type { Application } from '@slipway/delivery/api/application';
import { applicationDefinition } from '@slipway/delivery/api/definitions/application-definition';
import { explainBodyType, explainType } from '@slipway/delivery/api/explain-type';
import { CheckExpressions } from '@slipway/delivery/controller/check-expressions';
import { validateApplication } from '@slipway/delivery/validate-application';
import type { KubeObject } from '@slipway/kube/object';
import { isStatusReason, StatusError, type StatusCause } from '@slipway/kube/status-error';

/** Whether every value is of the type of its field: only such an Application can be changed. */
export function isReadable(application: Application): boolean {
  const definitions = definitionsOf(application);
  return (
    findNulls(application, '').length === 0 &&
    definitions.every((definition) => 'object' in shapeBy(definition, application, { keepsMisfits: false }))
  );
}

export interface Judgement {
  readonly faults: readonly ApplicationFault[];
  /** Fields of what is missing or of a wrong type: where there are any, nothing but the schema could judge it. */
  readonly misleading: readonly string[];
}

export async function findFaults(application: Application): Promise<readonly ApplicationFault[]> {
  return (await judgeApplication(application)).faults;
}

/** What the schema, the rules in it and the controller have against it: at once, as far as what is there can be judged. */
export async function judgeApplication(application: Application): Promise<Judgement> {
  const missing = findNulls(application, '');
  if (missing.length > 0) return { faults: missing, misleading: missing.map(({ field }) => field) };
  const each = await Promise.all(definitionsOf(application).map((definition) => judge(application, definition)));
  return {
    faults: each.flatMap(({ faults }) => faults),
    misleading: each.flatMap(({ misleading }) => misleading),
  };
}

async function judge(application: Application, definition: ResourceDefinition): Promise<Judgement> {
  const shaped = shapeBy(definition, application, { keepsMisfits: true });
  if ('misfit' in shaped) return { faults: [shaped.misfit], misleading: [shaped.misfit.field] };
  const filled = definition.applyDefaults(inSomeNamespace(shaped.object));
  const ofSchema = definition.validate(filled, undefined);
  const misleading = misleadingFields(ofSchema);
  const isWhole = misleading.length === 0;
  const ofContent = isWhole ? await judgeContent(application) : [];
  const ofRules = isWhole ? await judgeRules(filled, definition) : [];
  const unknown = shaped.unknownFields.map((field) => ({ field, message: `unknown field "${field}"` }));
  return { faults: withFurther([...unknown, ...asFaults(ofSchema)], asFaults([...ofContent, ...ofRules])), misleading };
}

function asFaults(causes: readonly StatusCause[]): readonly ApplicationFault[] {
  return causes.map(({ field = '', message }) => ({ field, message: explainBodyType(message) }));
}

async function judgeContent(application: Application): Promise<readonly StatusCause[]> {
  return [
    ...findImageless(application),
    ...validateApplication(application),
    ...(await new CheckExpressions().findFaults(application.spec.checks)),
  ];
}

/** What rules about the object or spec as a whole say, the controller says of a field. */
async function judgeRules(object: KubeObject, definition: ResourceDefinition): Promise<readonly StatusCause[]> {
  const judged = { stored: undefined, faults: [] };
  const found = await withLateModules(async () => definition.validateRules?.(object, judged) ?? []);
  return found.filter(({ field = '' }) => field.startsWith('spec.'));
}

type Shaped =
  | { readonly object: KubeObject; readonly unknownFields: readonly string[] }
  | { readonly misfit: ApplicationFault };

function shapeBy(
  { schema, type }: ResourceDefinition,
  application: Application,
  { keepsMisfits }: { readonly keepsMisfits: boolean },
): Shaped {
  try {
    const { object, unknownFields } = shapeObject({ ...application }, schema, { ...type, keepsMisfits });
    return { object: { ...object, metadata: application.metadata }, unknownFields };
  } catch (error) {
    if (!(error instanceof StatusError) || !isStatusReason(error, 'BadRequest')) throw error;
    return { misfit: explainType(error.message) ?? { field: 'spec', message: error.message } };
  }
}

/** `- ` with nothing behind it: no list of an Application has a place for that, nor has the object for `spec:` alone. */
function findNulls(value: unknown, path: string): readonly ApplicationFault[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => {
      const field = `${path}[${index}]`;
      return item === null ? [{ field, message: 'expected a value, found nothing' }] : findNulls(item, field);
    });
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]: [string, unknown]) => {
    if (path === '' && name === 'spec' && child === null)
      return [{ field: name, message: 'expected a mapping, found nothing' }];
    return findNulls(child, path === '' ? name : `${path}.${name}`);
  });
}

/** The schema of pods lets it out; pods themselves are refused without it. */
function findImageless({ spec }: Application): readonly StatusCause[] {
  return (spec.template?.spec?.containers ?? []).flatMap(({ image = '' }, index) =>
    image === ''
      ? [
          {
            reason: 'FieldValueRequired',
            field: `spec.template.spec.containers[${index}].image`,
            message: 'Required value',
          },
        ]
      : [],
  );
}

/** Of the version that it is written in; another is for the API server to refuse. */
function definitionsOf({ apiVersion }: Application): readonly ResourceDefinition[] {
  return customResources(applicationDefinition).filter(({ type }) => `${type.group}/${type.version}` === apiVersion);
}

/** A manifest may leave to the command line where it goes. */
function inSomeNamespace(object: KubeObject): KubeObject {
  return { ...object, metadata: { namespace: 'default', ...object.metadata } };
}
