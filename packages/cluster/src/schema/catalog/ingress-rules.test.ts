import type { IngressSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { validateIngress } from './ingress-rules.ts';

const backend = { service: { name: 'web', port: { number: 80 } } };
const at = 'spec.rules[0].http.paths[0]';

function said(spec: IngressSpec): readonly string[] {
  return validateIngress({ metadata: {}, spec }).map(({ field, message }) => `${field}: ${message}`);
}

function onPath(path: object): IngressSpec {
  return { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] } }] };
}

describe('an Ingress', () => {
  it.each<{ name: string; spec: IngressSpec; faults: readonly string[] }>([
    { name: 'of a path', spec: onPath({}), faults: [] },
    { name: 'of any host', spec: { ...onPath({}), tls: [{ hosts: ['*.a.b', 'a.b'], secretName: 'key' }] }, faults: [] },
    { name: 'of a backend alone', spec: { defaultBackend: backend }, faults: [] },
    { name: 'of its own paths', spec: onPath({ path: undefined, pathType: 'ImplementationSpecific' }), faults: [] },
    {
      name: 'of no paths',
      spec: { rules: [{ host: 'A', http: { paths: [] } }] },
      faults: [
        "spec.rules[0].host: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'spec.rules[0].http.paths: Required value',
      ],
    },
    {
      name: 'of another type of path',
      spec: onPath({ path: 'x', pathType: 'Foo' }),
      faults: [
        `${at}.pathType: Unsupported value: "Foo": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
      ],
    },
    {
      name: 'of a path that means another one',
      spec: onPath({ path: '/a//b/..' }),
      faults: [
        `${at}.path: Invalid value: "/a//b/..": must not contain '//'`,
        `${at}.path: Invalid value: "/a//b/..": cannot end with '/..'`,
      ],
    },
    {
      name: 'without a backend',
      spec: onPath({ backend: {} }),
      faults: [`${at}.backend: Invalid value: "": resource or service backend is required`],
    },
    {
      name: 'of a Service without a port',
      spec: { defaultBackend: { service: { name: 'web' } } },
      faults: ['spec.defaultBackend: Required value: port name or number is required'],
    },
    {
      name: 'of a Service with two ports',
      spec: onPath({ backend: { service: { name: 'web', port: { name: 'http', number: 80 } } } }),
      faults: [`${at}.backend: Invalid value: "": cannot set both port name & port number`],
    },
    {
      name: 'of a port that there is not',
      spec: onPath({ backend: { service: { name: 'web', port: { number: 70_000 } } } }),
      faults: [`${at}.backend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive`],
    },
    {
      name: 'of a resource without a name',
      spec: onPath({ backend: { resource: { kind: 'Bucket', name: '' } } }),
      faults: [`${at}.backend.resource.name: Required value: name is required`],
    },
  ])('$name is told of its faults', ({ spec, faults }) => {
    expect(said(spec)).toEqual(faults);
  });
});
