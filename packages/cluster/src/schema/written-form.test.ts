import { describe, expect, it } from 'vitest';
import { toWrittenForm } from './written-form.ts';
import { schemaNode } from './schema-data.ts';
import type { JsonObject } from './shape.ts';

function written(object: JsonObject, type = 'io.k8s.api.apps.v1.Deployment'): JsonObject {
  return toWrittenForm(object, schemaNode(type));
}

describe('toWrittenForm', () => {
  it.each([
    {
      name: 'labels, annotations and finalizers',
      given: { metadata: { name: 'd', labels: {}, annotations: {}, finalizers: [] } },
      kept: { metadata: { name: 'd' } },
    },
    {
      name: 'the annotations of a template',
      given: { spec: { template: { metadata: { labels: { app: 'd' }, annotations: {} } } } },
      kept: { spec: { template: { metadata: { labels: { app: 'd' } } } } },
    },
    {
      name: 'texts, numbers, flags, lists and maps, in items too',
      given: {
        spec: {
          minReadySeconds: 0,
          paused: false,
          template: {
            spec: {
              hostNetwork: false,
              nodeName: '',
              nodeSelector: {},
              tolerations: [],
              containers: [
                { name: 'c', ports: [{ containerPort: 80, hostPort: 0, name: '' }], env: [{ name: 'A', value: '' }] },
              ],
            },
          },
        },
      },
      kept: {
        spec: {
          template: { spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }], env: [{ name: 'A' }] }] } },
        },
      },
    },
  ])('leaves out $name', ({ given, kept }) => {
    expect(written(given)).toEqual(kept);
  });

  it('keeps what must be given, what a pointer points at, objects, and what maps and lists hold', () => {
    const object = {
      metadata: { labels: { a: '' }, finalizers: [''] },
      spec: {
        replicas: 0,
        template: {
          spec: {
            containers: [],
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 0,
            securityContext: { runAsUser: 0 },
            volumes: [{ name: '', emptyDir: {} }],
            affinity: {},
          },
        },
      },
    };
    expect(written(object)).toBe(object);
    const role = { rules: [] };
    expect(written(role, 'io.k8s.api.rbac.v1.Role')).toBe(role);
  });

  it('does not look at what is known', () => {
    const metadata = { name: 'd', labels: {} };
    const node = schemaNode('io.k8s.api.apps.v1.Deployment');
    expect(toWrittenForm({ metadata }, node, metadata)).toEqual({ metadata });
    expect(toWrittenForm({ metadata }, node)).toEqual({ metadata: { name: 'd' } });
  });

  it.each([
    {
      name: 'quantities with the largest suffix',
      type: 'core.v1.Container',
      given: { resources: { limits: { cpu: '0.5', memory: '1024Mi', 'example.com/gpu': 1 } } },
      kept: { resources: { limits: { cpu: '500m', memory: '1Gi', 'example.com/gpu': '1' } } },
    },
    {
      name: 'times in UTC',
      type: 'coordination.v1.Lease',
      given: {
        metadata: { creationTimestamp: '2026-01-01T01:30:00.5+01:30' },
        spec: { acquireTime: '2026-01-01T00:00:00-00:30', renewTime: '2026-01-01T00:00:00.1234567Z' },
      },
      kept: {
        metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
        spec: { acquireTime: '2026-01-01T00:30:00.000000Z', renewTime: '2026-01-01T00:00:00.123456Z' },
      },
    },
    {
      name: 'bytes without the ends of lines',
      type: 'core.v1.Secret',
      given: { data: { a: 'YWJj\nZGVm\n', b: '' } },
      kept: { data: { a: 'YWJjZGVm', b: '' } },
    },
  ])('writes $name', ({ type, given, kept }) => {
    expect(written(given, `io.k8s.api.${type}`)).toEqual(kept);
  });
});
