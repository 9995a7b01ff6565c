/** `services/proxy`: which of its pods answers for a Service. */
import type { Endpoints, Pod, Service } from '@slipway/kube/api.generated';
import { StatusError } from '@slipway/kube/status-error';
import type { ResourceDefinition } from '../schema/definition.ts';
import { notFound } from './api-errors.ts';
import type { ResourceRequest } from './resource-request.ts';

export interface ServiceBackend {
  readonly pod: Pod;
  readonly port: number;
}

/** `port` is a number or a name of the Service's ports; empty for the one without a name. */
export function chooseBackend(
  at: ResourceRequest,
  { name, port }: { readonly name: string; readonly port: string },
): ServiceBackend {
  const portName = /^\d+$/.test(port) ? nameOfPort(at, { name, port: Number(port) }) : port;
  const backends = backendsOf(endpointsOf(at, name), portName).flatMap((backend) => withPod(at, backend));
  // Requests come when they come: that spreads them.
  const chosen = backends[Math.floor(at.clock.now()) % Math.max(1, backends.length)];
  if (chosen === undefined)
    throw new StatusError('ServiceUnavailable', `no endpoints available for service ${JSON.stringify(at.path.name)}`);
  return chosen;
}

function nameOfPort(at: ResourceRequest, { name, port }: { readonly name: string; readonly port: number }): string {
  const { definition, path, resources } = at;
  const service: Service = resources.get({ definition, namespace: path.namespace, name });
  const found = service.spec?.ports?.find((each) => each.port === port);
  if (found === undefined)
    throw new StatusError('ServiceUnavailable', `no service port ${port} found for service ${JSON.stringify(name)}`);
  return found.name ?? '';
}

function endpointsOf(at: ResourceRequest, name: string): Endpoints {
  const definition = coreDefinition(at, 'endpoints');
  return at.resources.get({ definition, namespace: at.path.namespace, name });
}

interface Candidate {
  readonly podName: string;
  readonly ip: string;
  readonly port: number;
}

/** Addresses of pods only: what else an Endpoints names is not to be reached through the API server. */
function backendsOf({ subsets = [] }: Endpoints, portName: string): readonly Candidate[] {
  return subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((port) => (port.name ?? '') === portName)
      .flatMap(({ port }) =>
        addresses.flatMap(({ ip, targetRef }) =>
          targetRef?.kind === 'Pod' ? [{ podName: targetRef.name ?? '', ip, port }] : [],
        ),
      ),
  );
}

/** Everybody may write an Endpoints: the pod itself must have the address. */
function withPod(at: ResourceRequest, { podName, ip, port }: Candidate): readonly ServiceBackend[] {
  const target = { definition: coreDefinition(at, 'pods'), namespace: at.path.namespace, name: podName };
  const pod: Pod | undefined = at.resources.find(target);
  return pod?.status?.podIP === ip ? [{ pod, port }] : [];
}

function coreDefinition({ catalog }: ResourceRequest, plural: string): ResourceDefinition {
  const definition = catalog.find('', 'v1', plural);
  if (definition === undefined) throw notFound({ group: '', plural, kind: plural }, plural);
  return definition;
}
