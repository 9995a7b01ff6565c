/**
 * What the Amdatu deployer called a deployment descriptor: an Application before it is asked for. Field names are theirs. Pure.
 */
import { validateHeaderName, validateHeaderValue } from '@slipway/kube/platform/http';
import Type, { type Static } from 'typebox';
import type { FieldFault } from '../http/problem.ts';
import { Name } from '../api/schemas.ts';

const maximumItems = 100;

/** Fields beside these are not known, as they were not to the deployer: its clients may send what they like. */
export const DescriptorSchema = Type.Object({
  namespace: Type.Optional(Name),
  appName: Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$' }),
  /** `#` counts up. */
  newVersion: Type.String({ minLength: 1, maxLength: 63, pattern: '^#$|^[A-Za-z0-9][!-~]*$', default: '#' }),
  deploymentType: Type.Enum(['blue-green'], { default: 'blue-green' }),
  replicas: Type.Integer({ minimum: 0, maximum: 10_000, default: 1 }),
  frontend: Type.Optional(Type.String({ maxLength: 253 })),
  redirectWww: Type.Boolean({ default: false }),
  useCompression: Type.Boolean({ default: false }),
  useStickySessions: Type.Boolean({ default: false }),
  tlsSecretName: Type.Optional(Name),
  additionHttpHeaders: Type.Array(
    Type.Object({ Header: Type.String({ maxLength: 256 }), Value: Type.String({ maxLength: 4_096 }) }),
    { maxItems: maximumItems, default: [] },
  ),
  useHealthCheck: Type.Boolean({ default: false }),
  ignoreHealthCheck: Type.Boolean({ default: false }),
  healthCheckPath: Type.Optional(Type.String({ maxLength: 1_024 })),
  healthCheckPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  healthCheckType: Type.Enum(['probe', 'simple'], { default: 'probe' }),
  webhooks: Type.Array(
    Type.Object({
      key: Type.String({ minLength: 1, maxLength: 256 }),
      description: Type.Optional(Type.String({ maxLength: 1_000 })),
    }),
    { maxItems: maximumItems, default: [] },
  ),
  imagePullSecrets: Type.Array(Type.Object({ name: Name }), { maxItems: maximumItems, default: [] }),
  environment: Type.Record(
    Type.String({ pattern: '^[-._a-zA-Z][-._a-zA-Z0-9]*$' }),
    Type.String({ maxLength: 65_536 }),
    {
      maxProperties: 1_000,
      additionalProperties: false,
      default: {},
    },
  ),
  podspec: Type.Object({}, { additionalProperties: true }),
});

/** As it is asked for: defaults are in it. */
export type Descriptor = Static<typeof DescriptorSchema>;

/** In the place of a value that nobody reads again; who sends it back keeps what was there. */
export const hiddenValue = '(hidden)';

/** What the schema cannot say. */
export function findDescriptorFaults(descriptor: Descriptor, namespace: string): readonly FieldFault[] {
  const { podspec, healthCheckPath = '' } = descriptor;
  const faults: FieldFault[] = [];
  const say = (field: string, message: string): void => void faults.push({ field: `body/${field}`, message });
  if ('id' in descriptor) say('id', 'is given by the server: leave it out');
  if (descriptor.namespace !== undefined && descriptor.namespace !== namespace)
    say('namespace', `is ${descriptor.namespace}, but the request is about namespace ${namespace}`);
  if (!Array.isArray((podspec as { readonly containers?: unknown }).containers))
    say('podspec/containers', 'is missing: a pod has at least one container');
  if (healthCheckPath !== '' && !/^[!-~]*$/.test(healthCheckPath))
    say('healthCheckPath', 'has characters that no path has: encode them');
  const headers = descriptor.additionHttpHeaders.map(({ Header }) => Header.toLowerCase());
  for (const [index, { Header, Value }] of descriptor.additionHttpHeaders.entries()) {
    const at = `additionHttpHeaders/${index}`;
    if (headers.indexOf(Header.toLowerCase()) !== index) say(`${at}/Header`, 'is given twice');
    if (!isHeaderName(Header)) say(`${at}/Header`, 'is no name of a header');
    else if (!isHeaderValue(Header, Value)) say(`${at}/Value`, 'has characters that no header takes');
  }
  return faults;
}

function isHeaderName(name: string): boolean {
  return doesNotThrow(() => validateHeaderName(name));
}

function isHeaderValue(name: string, value: string): boolean {
  return doesNotThrow(() => validateHeaderValue(name, value));
}

function doesNotThrow(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

const knownFields: ReadonlySet<string> = new Set([
  ...Object.keys(DescriptorSchema.properties),
  'created',
  'lastModified',
]);

/** Fields that mean nothing here. */
export function unknownFieldsOf(body: object): readonly string[] {
  return Object.keys(body).filter((name) => !knownFields.has(name));
}
