/** Everything that is wrong with an Application beyond the shape of its fields, at once. */
import type { Container } from '@slipway/kube/api.generated';
import type { StatusCause } from '@slipway/kube/status-error';
import { routeProviders, type Application, type ApplicationSpec, type WorkloadReference } from './api/application.ts';
import { validateCheckReferences, validateChecks, type CheckReference } from './gates/metric/validate-checks.ts';
import { validateHooks } from './hooks/validate-hooks.ts';
import { validateDependencies } from './order/validate-order.ts';
import { validateHeaders } from './routers/validate-headers.ts';
import { validateRouter } from './routers/validate-router.ts';
import { validateShares, validateStrategy } from './strategies/validate-strategy.ts';
import { validateTemplate } from './validate-template.ts';

const maximumNameLength = 40;

export function validateApplication(application: Application): readonly StatusCause[] {
  return [...validateForm(application), ...validateShares(application)];
}

const forms = new WeakMap<Application['spec'], readonly StatusCause[]>();

/**
 * All but what depends on the number of pods, which an autoscaler may change at any time. A spec belongs to one name and
 * is judged once however often it is looked at.
 */
export function validateForm(application: Application): readonly StatusCause[] {
  const known = forms.get(application.spec) ?? findFaultsOfForm(application);
  forms.set(application.spec, known);
  return known;
}

function findFaultsOfForm(application: Application): readonly StatusCause[] {
  return [
    ...validateName(application),
    ...validateWorkload(application),
    ...validateTemplate(application.spec),
    ...validateStrategy(application),
    ...validateChecks(application.spec),
    ...validateCheckReferences(referencesToChecks(application), application.spec.checks),
    ...validateHooks(application.spec),
    ...validateService(application),
    ...validateHealthPath(application),
    ...validateHealthPort(application),
    ...validateRoute(application),
    ...validateHeaders(application.spec),
    ...validateRouter(application.spec),
    ...validateDependencies(application),
  ];
}

function fault(field: string, message: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message };
}

function validateName({ metadata: { name = '' } }: Application): readonly StatusCause[] {
  const isLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name);
  return isLabel && name.length <= maximumNameLength
    ? []
    : [
        fault(
          'metadata.name',
          `"${name}" must be a DNS-1035 label of at most ${maximumNameLength} characters, because Services are named after it`,
        ),
      ];
}

function validateWorkload({ spec }: Application): readonly StatusCause[] {
  if (spec.workloadRef !== undefined) return validateReference(spec.workloadRef, spec);
  const containers = spec.template?.spec?.containers ?? [];
  if (containers.length === 0) return [fault('spec.template.spec.containers', 'at least one container is required')];
  return spec.replicas !== undefined && spec.replicas < 0
    ? [fault('spec.replicas', `${spec.replicas} must be 0 or more`)]
    : [];
}

/** Whether there is such a Deployment, and whose it is, is for the controller to say. */
function validateReference({ kind, name }: WorkloadReference, { template }: ApplicationSpec): readonly StatusCause[] {
  return [
    ...(template === undefined
      ? []
      : [fault('spec.workloadRef', 'spec.template says what should run already: remove one of the two')]),
    ...(kind === 'Deployment'
      ? []
      : [fault('spec.workloadRef.kind', `"${kind}" cannot be adopted, expected: Deployment`)]),
    ...(name === '' ? [fault('spec.workloadRef.name', 'a name is required: that of the Deployment')] : []),
  ];
}

function referencesToChecks({ spec: { strategy } }: Application): readonly CheckReference[] {
  return (strategy?.canary?.steps ?? []).flatMap(({ check }, index) =>
    check === undefined ? [] : [{ field: `spec.strategy.canary.steps[${index}].check`, name: check }],
  );
}

function validateService({ spec }: Application): readonly StatusCause[] {
  // The containers are those of a Deployment that cannot be seen from here.
  if (spec.workloadRef !== undefined) return [];
  const ports = spec.service?.ports ?? [];
  const named = (spec.template?.spec?.containers ?? []).flatMap((container: Container) => container.ports ?? []);
  return ports.flatMap(({ targetPort }, index) =>
    typeof targetPort === 'string' && !named.some(({ name }) => name === targetPort)
      ? [
          fault(
            `spec.service.ports[${index}].targetPort`,
            `no container has a port named "${targetPort}", there are: ${named.map(({ name }) => name ?? '(unnamed)').join(', ') || '(none)'}`,
          ),
        ]
      : [],
  );
}

/** It is asked for with the rights of the controller: whatever resolves the dots on the way would ask for something else. */
function validateHealthPath({ spec: { healthCheck } }: Application): readonly StatusCause[] {
  const [path = ''] = healthCheck?.path?.split('?') ?? [];
  const isClimbing = path.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
  return isClimbing
    ? [fault('spec.healthCheck.path', `"${path}" must have no segment "." or "..": write the path that is meant`)]
    : [];
}

/** A number needs no name, and a Deployment that is adopted cannot be seen from here. */
function validateHealthPort({ spec: { healthCheck, template } }: Application): readonly StatusCause[] {
  const port = healthCheck?.port;
  if (typeof port !== 'string' || template === undefined) return [];
  const named = (template.spec?.containers ?? []).flatMap(({ ports = [] }: Container) => ports);
  return named.some(({ name }) => name === port)
    ? []
    : [
        fault(
          'spec.healthCheck.port',
          `no container has a port named "${port}", there are: ${named.map(({ name }) => name ?? '(unnamed)').join(', ') || '(none)'}`,
        ),
      ];
}

function validateRoute({ spec: { route, service } }: Application): readonly StatusCause[] {
  if (route === undefined) return [];
  const through = route.through ?? 'gateway';
  const known: readonly string[] = routeProviders;
  return [
    ...(known.includes(through)
      ? []
      : [
          fault(
            'spec.route.through',
            `"${through}" is not a router that can be used, expected one of: ${known.join(', ')}`,
          ),
        ]),
    ...((service?.ports ?? []).length === 0
      ? [fault('spec.service.ports', 'a route needs a Service with a port')]
      : []),
  ];
}
