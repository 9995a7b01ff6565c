/** Services of others that send requests to pods of an Application whether these serve or not. */
import type { Service } from '@slipway/kube/api.generated';
import { matchesServiceSelector } from '@slipway/kube/selector';
import type { Application } from './api/application.ts';
import { annotations, labels } from './names.ts';
import type { Observation } from './observation.ts';

/** A sentence each. The pods of a new version bear the labels of its template as soon as they start, and ours that say no more than whose they are. */
export function selectorConflicts({ application, otherServices = [] }: Observation): readonly string[] {
  return otherServices.filter((service) => isSelectorConflict(application, service)).map(describeConflict);
}

export function isSelectorConflict({ spec, metadata }: Application, service: Service): boolean {
  const given = spec.template?.metadata?.labels;
  if (given === undefined || service.spec?.type === 'ExternalName') return false;
  // What was made for an Application, and bears no label of it, leads nobody anywhere.
  if (service.metadata.annotations?.[annotations.ownerUid] !== undefined) return false;
  const own = { ...given, [labels.application]: metadata.name ?? '', [labels.serves]: '' };
  return matchesServiceSelector(service.spec?.selector, own);
}

function describeConflict({ metadata, spec }: Service): string {
  const selector = Object.entries(spec?.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return `the Service ${metadata.name ?? ''} selects pods of every version by ${selector.join(',')}, and sends requests to a new one before it is promoted: let it select ${labels.serves}=true too, or take what it selects by out of the template`;
}
