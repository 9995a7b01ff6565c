import { describe, expect, it } from 'vitest';
import { omitEmpty } from './omit-empty.ts';
import { schemaNode } from './schema-data.ts';
import type { JsonObject } from './shape.ts';

function omitted(object: JsonObject, type = 'io.k8s.api.apps.v1.Deployment'): JsonObject {
  return omitEmpty(object, schemaNode(type));
}

describe('omitEmpty', () => {
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
    expect(omitted(given)).toEqual(kept);
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
    expect(omitted(object)).toBe(object);
    const role = { rules: [] };
    expect(omitted(role, 'io.k8s.api.rbac.v1.Role')).toBe(role);
  });
});
