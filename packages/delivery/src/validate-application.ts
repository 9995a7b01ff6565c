/** Everything that is wrong with an Application beyond the shape of its fields, at once. */
import type { Container } from '@slipway/kube/api.generated';
import type { StatusCause } from '@slipway/kube/status-error';
import {
  hasRouter,
  routeProviders,
  type Application,
  type ApplicationSpec,
  type ApplicationRoute,
  type BlueGreenParameters,
  type CanaryParameters,
  type CanaryStep,
  type RainbowParameters,
  type RecreateParameters,
  type RollingParameters,
  type WorkloadReference,
} from './api/application.ts';
import { validateCheckReferences, validateChecks, type CheckReference } from './gates/metric/validate-checks.ts';
import { validateHooks } from './hooks/validate-hooks.ts';
import { validateDependencies } from './order/validate-order.ts';
import { validateHeaders } from './routers/validate-headers.ts';
import { validateRouter } from './routers/validate-router.ts';
import { calculateServing } from './strategies/canary-steps.ts';
import { strategies } from './strategies/strategies.ts';

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
    ...validateStrategy(application),
    ...validateChecks(application.spec),
    ...validateCheckReferences(referencesToChecks(application), application.spec.checks),
    ...validateHooks(application.spec),
    ...validateService(application),
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

function validateStrategy({ spec: { strategy, route } }: Application): readonly StatusCause[] {
  if (strategy === undefined) return [];
  const known = Object.keys(strategies);
  if (!known.includes(strategy.type))
    return [
      fault(
        'spec.strategy.type',
        `"${strategy.type}" is not a strategy that can be used, expected one of: ${known.join(', ')}`,
      ),
    ];
  const foreign = known
    .filter((type) => type !== strategy.type && type in strategy)
    .map((type) => fault(`spec.strategy.${type}`, `does not belong to the strategy ${strategy.type}`));
  return [
    ...foreign,
    ...(strategy.rolling === undefined ? [] : validateRolling(strategy.rolling)),
    ...(strategy.blueGreen === undefined ? [] : validateBlueGreen(strategy.blueGreen, route)),
    ...validateHold(strategy.recreate ?? {}, route),
    ...(strategy.type === 'canary' ? validateCanary(strategy.canary ?? {}, route) : []),
    ...(strategy.type === 'rainbow' ? validateRainbow(strategy.rainbow ?? {}, route) : []),
  ];
}

function referencesToChecks({ spec: { strategy } }: Application): readonly CheckReference[] {
  return (strategy?.canary?.steps ?? []).flatMap(({ check }, index) =>
    check === undefined ? [] : [{ field: `spec.strategy.canary.steps[${index}].check`, name: check }],
  );
}

function validateCanary(
  { steps = [], stickySeconds }: CanaryParameters,
  route: ApplicationRoute | undefined,
): readonly StatusCause[] {
  if (steps.length === 0)
    return [fault('spec.strategy.canary.steps', 'at least one step is required, such as {setWeight: 20}')];
  const special = steps.flatMap(({ match, mirror }, index) => [
    ...(match === undefined ? [] : [`steps[${index}].match`]),
    ...(mirror === undefined ? [] : [`steps[${index}].mirror`]),
  ]);
  const byGateway = hasRouter(route) ? [] : [...special, ...(stickySeconds === undefined ? [] : ['stickySeconds'])];
  const unreached = byGateway.map((field) =>
    fault(
      `spec.strategy.canary.${field}`,
      'only the gateway can tell requests apart: give a route in spec.route, or remove the field',
    ),
  );
  const shapes = steps.flatMap((step, index) => {
    const field = `spec.strategy.canary.steps[${index}]`;
    const given = Object.keys(step).length;
    if (given !== 1)
      return [
        fault(
          field,
          `a step is exactly one of setWeight, pause, check, setReplicas, match and mirror, and this has ${given} fields`,
        ),
      ];
    return validateCount(step, field);
  });
  return [...shapes, ...unreached];
}

function validateCount({ setReplicas }: CanaryStep, field: string): readonly StatusCause[] {
  const isCount =
    setReplicas === undefined || (typeof setReplicas === 'number' ? setReplicas >= 0 : isShare(setReplicas));
  return isCount
    ? []
    : [
        fault(
          `${field}.setReplicas`,
          `${JSON.stringify(setReplicas)} must be a number of pods or a percentage such as "25%"`,
        ),
      ];
}

const toleratedPoints = 5;

/** Without a route the pods are the share: judged when a release is made, which goes on when replicas changes. */
export function validateShares({ spec: { strategy, route, replicas = 1 } }: Application): readonly StatusCause[] {
  const { steps = [], approximate = false } = strategy?.canary ?? {};
  const isByPods = !hasRouter(route);
  return strategy?.type === 'canary' && isByPods && !approximate
    ? steps.flatMap((step, index) => validateShare(step, { field: `spec.strategy.canary.steps[${index}]`, replicas }))
    : [];
}

function validateShare(
  { setWeight }: CanaryStep,
  { field, replicas }: { readonly field: string; readonly replicas: number },
): readonly StatusCause[] {
  if (setWeight === undefined || replicas === 0) return [];
  const { candidate, stable } = calculateServing(setWeight, replicas);
  const share = (100 * candidate) / (candidate + stable);
  return Math.abs(share - setWeight) <= toleratedPoints
    ? []
    : [
        fault(
          `${field}.setWeight`,
          `without a route the share is one of pods, and the nearest to ${setWeight} % that ${replicas} can give is ${share.toFixed(0)} %: change the weight or replicas, or set spec.strategy.canary.approximate`,
        ),
      ];
}

/** `"25%"` */
function isShare(value: string): boolean {
  return /^\d+%$/.test(value);
}

function validateBlueGreen(
  { previewHosts = [] }: BlueGreenParameters,
  route: ApplicationRoute | undefined,
): readonly StatusCause[] {
  const field = 'spec.strategy.blueGreen.previewHosts';
  if (previewHosts.length === 0) return [];
  if (!hasRouter(route)) return [fault(field, 'a preview is reached through a route: give one in spec.route')];
  const shared = previewHosts.filter((host) => route.hosts?.includes(host) === true);
  return shared.length === 0
    ? []
    : [fault(field, `${shared.join(', ')} is a host of spec.route too: a preview needs hosts of its own`)];
}

function validateHold(
  { holdSeconds = 0 }: RecreateParameters,
  route: ApplicationRoute | undefined,
): readonly StatusCause[] {
  return hasRouter(route) || holdSeconds === 0
    ? []
    : [
        fault(
          'spec.strategy.recreate.holdSeconds',
          'requests wait at the gateway, and nothing comes by it: give a route in spec.route, or remove the field',
        ),
      ];
}

const rainbowBounds: Readonly<Record<keyof RainbowParameters, readonly [least: number, most: number]>> = {
  maxVersions: [2, 16],
  maxAgeSeconds: [1, 31_536_000],
  idleSeconds: [1, 31_536_000],
};

/** Other routers are refused by the field that names them (`validate-router.ts`). */
function validateRainbow(rainbow: RainbowParameters, route: ApplicationRoute | undefined): readonly StatusCause[] {
  const unreached = hasRouter(route)
    ? []
    : [
        fault(
          route === undefined ? 'spec.strategy.type' : 'spec.route.through',
          'sessions are kept by the gateway of Slipway, and nothing comes by it: give a route through gateway in spec.route, or choose another strategy',
        ),
      ];
  const beyond = rainbowFields.flatMap((field) => {
    const [least, most] = rainbowBounds[field];
    const value = rainbow[field];
    return value === undefined || (Number.isInteger(value) && value >= least && value <= most)
      ? []
      : [fault(`spec.strategy.rainbow.${field}`, `${value} must be a whole number from ${least} to ${most}`)];
  });
  return [...unreached, ...beyond];
}

const rainbowFields = ['maxVersions', 'maxAgeSeconds', 'idleSeconds'] as const;

function validateRolling({ maxSurge, maxUnavailable }: RollingParameters): readonly StatusCause[] {
  const isBad = (value: number | string | undefined): boolean =>
    typeof value === 'number' ? value < 0 : value !== undefined && !isShare(value);
  const isZero = (value: number | string): boolean => value === 0 || value === '0%';
  return [
    ...(isBad(maxSurge)
      ? [
          fault(
            'spec.strategy.rolling.maxSurge',
            `${JSON.stringify(maxSurge)} must be a number of pods or a percentage such as "25%"`,
          ),
        ]
      : []),
    ...(isBad(maxUnavailable)
      ? [
          fault(
            'spec.strategy.rolling.maxUnavailable',
            `${JSON.stringify(maxUnavailable)} must be a number of pods or a percentage such as "25%"`,
          ),
        ]
      : []),
    ...(isZero(maxSurge ?? '25%') && isZero(maxUnavailable ?? 0)
      ? [fault('spec.strategy.rolling', 'maxSurge and maxUnavailable are both 0, so no pod could ever change')]
      : []),
  ];
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
