/** What is wrong with the strategy of an Application beyond the shape of its fields, at once. */
import type { StatusCause } from '@slipway/kube/status-error';
import {
  hasRouter,
  type Application,
  type ApplicationRoute,
  type BlueGreenParameters,
  type CanaryParameters,
  type CanaryStep,
  type RainbowParameters,
  type RecreateParameters,
  type RollingParameters,
} from '../api/application.ts';
import { calculateServing } from './canary-steps.ts';
import { strategies } from './strategies.ts';

export function validateStrategy({ spec: { strategy, route } }: Application): readonly StatusCause[] {
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

function fault(field: string, message: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message };
}
