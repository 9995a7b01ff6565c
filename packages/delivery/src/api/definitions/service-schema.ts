/** `spec.service`: any field of a Service but its selector, held to what a Service may be before one is written. */
import { intOrString, rules, type Schema } from './schema.ts';
import serviceSpec from './service-spec.generated.json' with { type: 'json' };

const maximumPorts = 32;
const { ports } = serviceSpec.properties;

const portName = { maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
const portNumber = { minimum: 1, maximum: 65_535 };

/** A number or the name of a port of a container. */
export function containerPort(description: string): Schema {
  return intOrString(
    description,
    rules([
      "type(self) == int ? self >= 1 && self <= 65535 : self.size() <= 15 && self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.matches('[a-z]')",
      'must be a port from 1 to 65535, or the name of a port of a container',
    ]),
  );
}

const port: Schema = {
  ...ports.items,
  properties: {
    ...ports.items.properties,
    name: { ...ports.items.properties.name, ...portName },
    protocol: { ...ports.items.properties.protocol, enum: ['TCP', 'UDP', 'SCTP'] },
    port: { ...ports.items.properties.port, ...portNumber },
    targetPort: containerPort('Of the pods. Default: the same number.'),
    nodePort: { ...ports.items.properties.nodePort, minimum: 0, maximum: 65_535 },
  },
};

export const serviceSchema: Schema = {
  ...serviceSpec,
  description: 'The Service of the same name: any field of a Service but its selector.',
  properties: {
    ...serviceSpec.properties,
    type: { ...serviceSpec.properties.type, enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
    sessionAffinity: { ...serviceSpec.properties.sessionAffinity, enum: ['None', 'ClientIP'] },
    ports: { ...ports, items: port, minItems: 1, maxItems: maximumPorts },
  },
  required: ['ports'],
  ...rules(
    ['self.ports.size() == 1 || self.ports.all(p, has(p.name))', 'several ports need a name each, in ports[].name'],
    [
      'self.ports.all(p, !has(p.name) || self.ports.exists_one(q, has(q.name) && q.name == p.name))',
      'two ports have one name: give each a name of its own',
    ],
  ),
};
