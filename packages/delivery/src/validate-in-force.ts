/** What may be wrong with a spec only because of the version that serves: what is in force at once must fit that one too. */
import type { ServicePort } from '@slipway/kube/api.generated';
import type { StatusCause } from '@slipway/kube/status-error';
import type { ReleaseSpec } from './api/release.ts';
import { stableRelease } from './current-releases.ts';
import type { Observation } from './observation.ts';

export function validateInForce(observation: Observation): readonly StatusCause[] {
  const stable = stableRelease(observation);
  if (stable === undefined) return [];
  const ports = observation.application.spec.service?.ports ?? [];
  return ports.flatMap((port, index) => {
    const message = describeMisfit(port, index, stable.spec);
    const field = `spec.service.ports[${index}].targetPort`;
    return message === undefined ? [] : [{ reason: 'FieldValueInvalid', field, message }];
  });
}

function describeMisfit(port: ServicePort, index: number, stable: ReleaseSpec): string | undefined {
  const { version } = stable;
  const target = port.targetPort ?? port.port;
  if (typeof target === 'string') {
    const isKnown = namedPorts(stable).includes(target);
    return isKnown ? undefined : `version ${version}, which serves, has no container port named "${target}"`;
  }
  const before = stable.service?.ports ?? [];
  const old = before.find(({ name }) => name !== undefined && name === port.name) ?? before[index];
  const served = old === undefined ? undefined : (old.targetPort ?? old.port);
  return typeof served !== 'number' || served === target
    ? undefined
    : `${target} is not the port ${served} of version ${version}, which serves, and both are reached through this Service: name the port in the containers, and give that name here`;
}

function namedPorts({ template }: ReleaseSpec): readonly string[] {
  return (template.spec?.containers ?? []).flatMap(({ ports = [] }) => ports.flatMap(({ name }) => name ?? []));
}
