/** An Application held against the schema that the API server holds it against, without any server. */
import { customResources } from '@slipway/cluster/schema/custom-resource';
import { shapeObject } from '@slipway/cluster/schema/shape';
import type { Application } from '@slipway/delivery/api/application';
import { applicationDefinition } from '@slipway/delivery/api/definitions/application-definition';
import { CheckExpressions } from '@slipway/delivery/controller/check-expressions';
import { validateApplication } from '@slipway/delivery/validate-application';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { explainType } from './explain-refusal.ts';

export interface ApplicationFault {
  readonly field: string;
  readonly message: string;
}

/** The first value of a wrong type, and every field that there is none of: with either nothing else can be told of it. */
export function findShapeFaults(application: Application): readonly ApplicationFault[] {
  const missing = findNulls(application, '');
  if (missing.length > 0) return missing;
  return definitionsOf(application).flatMap(({ schema, type }) => {
    try {
      const { unknownFields } = shapeObject({ ...application }, schema, type);
      return unknownFields.map((field) => ({ field, message: `unknown field "${field}"` }));
    } catch (error) {
      if (!(error instanceof StatusError) || !isStatusReason(error, 'BadRequest')) throw error;
      return [explainType(error.message) ?? { field: 'spec', message: error.message }];
    }
  });
}

/** What the schema asks for, and where that is given, what the controller asks for. */
export async function findFaults(application: Application): Promise<readonly ApplicationFault[]> {
  const shape = findShapeFaults(application);
  if (shape.length > 0) return shape;
  const faults = definitionsOf(application).flatMap((definition) =>
    definition.validate(definition.applyDefaults(inSomeNamespace(application)), undefined),
  );
  const found =
    faults.length > 0
      ? faults
      : [
          ...findImageless(application),
          ...validateApplication(application),
          ...(await new CheckExpressions().findFaults(application.spec.checks)),
        ];
  return found.map(({ field = '', message }) => ({ field, message }));
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
function findImageless({ spec }: Application): readonly ApplicationFault[] {
  return (spec.template?.spec?.containers ?? []).flatMap(({ image = '' }, index) =>
    image === '' ? [{ field: `spec.template.spec.containers[${index}].image`, message: 'Required value' }] : [],
  );
}

/** Of the version that it is written in; another is for the API server to refuse. */
function definitionsOf({ apiVersion }: Application): ReturnType<typeof customResources> {
  return customResources(applicationDefinition).filter(({ type }) => `${type.group}/${type.version}` === apiVersion);
}

/** A manifest may leave to the command line where it goes. */
function inSomeNamespace(application: Application): Application {
  return { ...application, metadata: { namespace: 'default', ...application.metadata } };
}
