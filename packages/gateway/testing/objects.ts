import type { EndpointConditions, EndpointSlice, Ingress, Service } from '@slipway/kube/api.generated';
import type { Split, SplitRule } from '@slipway/kube/split';
import type { EndpointAddress } from '../src/routing/routing-table.ts';

export function service(name: string): Service {
  return {
    metadata: { namespace: 'default', name },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] },
  };
}

export function slice(
  serviceName: string,
  endpoints: readonly (EndpointAddress & EndpointConditions)[],
): EndpointSlice {
  return {
    metadata: { namespace: 'default', name: `${serviceName}-1`, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: endpoints[0]?.port ?? 8080, protocol: 'TCP' }],
    endpoints: endpoints.map(({ address, ready = true, serving, terminating = false }) => ({
      addresses: [address],
      conditions: { ready, terminating, ...(serving === undefined ? {} : { serving }) },
    })),
  };
}

export function split(name: string, rule: Partial<SplitRule>, created = '2026-01-01T00:00:00Z'): Split {
  return {
    metadata: { namespace: 'default', name, creationTimestamp: created, generation: 1 },
    spec: {
      application: name,
      drainSeconds: 1,
      rules: [{ hosts: [`${name}.localhost`], paths: ['/'], backends: [], ...rule }],
    },
  };
}

export function backend(serviceName: string, weight: number): SplitRule['backends'][number] {
  return { service: serviceName, port: 'http', version: serviceName.replace(/^.*-/, ''), weight };
}

export function ingress(
  name: string,
  rules: readonly {
    readonly host?: string;
    readonly path: string;
    readonly pathType?: string;
    readonly service: string;
  }[],
): Ingress {
  return {
    metadata: { namespace: 'default', name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      rules: rules.map(({ host, path, pathType = 'Prefix', service: serviceName }) => ({
        host,
        http: { paths: [{ path, pathType, backend: { service: { name: serviceName, port: { number: 80 } } } }] },
      })),
    },
  };
}
