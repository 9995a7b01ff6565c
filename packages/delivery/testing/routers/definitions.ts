/** The kinds of routers as far as their documentation says what we write and read: structural, and without our fields more. */
import type { CustomResourceDefinition, JSONSchemaProps } from '@slipway/kube/api.generated';

interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly spec: JSONSchemaProps;
  readonly status: JSONSchemaProps;
}

function define({ group, kind, plural, spec, status }: Kind): CustomResourceDefinition {
  const properties = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec,
    status,
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties } },
        },
      ],
    },
  };
}

const text: JSONSchemaProps = { type: 'string' };
const number: JSONSchemaProps = { type: 'integer', format: 'int32' };

function record(properties: Readonly<Record<string, JSONSchemaProps>>): JSONSchemaProps {
  return { type: 'object', properties: { ...properties } };
}

function list(items: JSONSchemaProps): JSONSchemaProps {
  return { type: 'array', items };
}

const parentReference = record({
  group: { ...text, default: 'gateway.networking.k8s.io' },
  kind: { ...text, default: 'Gateway' },
  namespace: text,
  name: text,
  sectionName: text,
  port: number,
});

const condition = record({
  type: text,
  status: text,
  reason: text,
  message: text,
  observedGeneration: { type: 'integer', format: 'int64' },
  lastTransitionTime: { type: 'string', format: 'date-time' },
});

const backendProperties = {
  group: { ...text, default: '' },
  kind: { ...text, default: 'Service' },
  name: text,
  namespace: text,
  port: number,
};

const headers = list(record({ name: text, value: text }));
const modifier = record({ set: headers, add: headers, remove: list(text) });

/** As of version 1.3 where mirrored requests may have a share; before, that field is not kept. */
export function httpRouteDefinition({
  hasMirrorShare,
}: {
  readonly hasMirrorShare: boolean;
}): CustomResourceDefinition {
  const mirror = { backendRef: record(backendProperties), ...(hasMirrorShare ? { percent: number } : {}) };
  const filter = record({
    type: text,
    requestHeaderModifier: modifier,
    responseHeaderModifier: modifier,
    requestMirror: record(mirror),
  });
  const match = record({
    path: { ...record({ type: { ...text, default: 'PathPrefix' }, value: { ...text, default: '/' } }) },
    headers: list(record({ type: { ...text, default: 'Exact' }, name: text, value: text })),
  });
  const rule = record({
    matches: list(match),
    filters: list(filter),
    backendRefs: list(record({ ...backendProperties, weight: { ...number, default: 1 }, filters: list(filter) })),
    timeouts: record({ request: text }),
  });
  return define({
    group: 'gateway.networking.k8s.io',
    kind: 'HTTPRoute',
    plural: 'httproutes',
    spec: record({ parentRefs: list(parentReference), hostnames: list(text), rules: list(rule) }),
    status: record({
      parents: list(record({ parentRef: parentReference, controllerName: text, conditions: list(condition) })),
    }),
  });
}

const stringMatch = record({ exact: text, prefix: text, regex: text });
const texts: JSONSchemaProps = { type: 'object', additionalProperties: { type: 'string' } };
const operations = record({ set: texts, add: texts, remove: list(text) });
const destination = record({ host: text, subset: text, port: record({ number }) });

export const virtualServiceDefinition: CustomResourceDefinition = define({
  group: 'networking.istio.io',
  kind: 'VirtualService',
  plural: 'virtualservices',
  spec: record({
    hosts: list(text),
    gateways: list(text),
    http: list(
      record({
        name: text,
        match: list(record({ uri: stringMatch, headers: { type: 'object', additionalProperties: stringMatch } })),
        route: list(record({ destination, weight: number, headers: record({ request: operations }) })),
        directResponse: record({ status: number }),
        mirror: destination,
        mirrorPercentage: record({ value: { type: 'number' } }),
        headers: record({ request: operations, response: operations }),
        timeout: text,
      }),
    ),
    tls: list(record({ match: list(record({ sniHosts: list(text) })) })),
    tcp: list(record({ match: list(record({ port: number })) })),
  }),
  status: record({ observedGeneration: { type: 'integer', format: 'int64' } }),
});
