import type { StatusCause } from '@slipway/kube/status-error';
import { carriersOf } from '@slipway/kube/split';
import type { Observation } from '../observation.ts';
import { askedCarrier, mainCarrier } from '../carriers.ts';
import { faultsThrough } from './validate-router.ts';

/** What a router cannot do that still carries: a version that asks for it waits until the other one carries alone. */
export function validateHandover({
  application,
  split,
}: Pick<Observation, 'application' | 'split'>): readonly StatusCause[] {
  const { spec } = application;
  if (split === undefined || spec.route === undefined) return [];
  const asked = mainCarrier(askedCarrier(application));
  return carriersOf(split.spec).flatMap((name) =>
    name === 'gateway' || name === asked
      ? []
      : faultsThrough(name, spec).map((cause) => ({
          ...cause,
          message: `${cause.message}; ${name} carries requests until ${asked} does alone`,
        })),
  );
}
