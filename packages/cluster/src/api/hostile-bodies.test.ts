/** Whatever anybody sends to whichever place of the API: the answer is an object or a Status, and never a fault of ours. */
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import type { Logger } from '@slipway/kube/logger';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { configMaps, customResourceDefinitions, pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { arbitraryOf, strangeValue } from '../../testing/arbitrary-object.ts';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { arbitraryMessage, encodeMessage, envelope } from '../../testing/protobuf-encoder.ts';
import type { ResourceDefinition } from '../schema/definition.ts';
import { adminIdentity } from './authorization.ts';
import { listen, type Listener } from './http-listener.ts';

let cluster: MemoryCluster;
let listener: Listener;
let folder: string;
const faults: unknown[] = [];
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const logger: Logger = { ...silentLogger, error: (msg, fields) => faults.push({ msg, ...fields }) };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-hostile-'));
  cluster = await createMemoryCluster({ logger });
  await cluster.client.create(customResourceDefinitions, ship);
  listener = await listen({
    api: cluster.api,
    clock: systemClock,
    logger,
    at: { socketPath: socket() },
    identity: adminIdentity,
  });
});

afterAll(async () => {
  agent.destroy();
  await listener.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});

function socket(): string {
  return join(folder, 'api.sock');
}

const ship = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ships.sea.org' },
  spec: {
    group: 'sea.org',
    names: { plural: 'ships', kind: 'Ship' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.crew', statusReplicasPath: '.status.crew' } },
        additionalPrinterColumns: [{ name: 'Crew', type: 'integer', jsonPath: '.spec.crew' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  crew: { type: 'integer', minimum: 0 },
                  name: { type: 'string', maxLength: 8, pattern: '^[a-z]+$' },
                  rooms: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
                  },
                },
                'x-kubernetes-validations': [{ rule: '!has(self.crew) || self.crew < 100' }],
              },
              status: { type: 'object', properties: { crew: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
} as const;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: Uint8Array | string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send({ method, path, type = 'application/json', body }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, 'content-length': body === undefined ? 0 : Buffer.byteLength(body) };
    request({ socketPath: socket(), method, path, headers, agent }, (response) => {
      text(response).then((all) => resolve({ status: response.statusCode ?? 0, body: all }), reject);
    })
      .on('error', reject)
      .end(body);
  });
}

/** An object, or a Status of the code that the answer has that blames the sender; and nothing that went wrong inside. */
async function expectAnswer(asked: Asked): Promise<void> {
  const { status, body } = await send(asked);
  const object: { readonly kind?: string; readonly code?: number } = JSON.parse(body);
  const isOfSender = status >= 400 && status < 500 && object.kind === 'Status' && object.code === status;
  const outcome = { isGood: isOfSender || (status >= 200 && status < 300), faults: faults.splice(0), body };
  expect(outcome).toEqual({ isGood: true, faults: [], body });
}

/** The same at every run: whoever changes something hears of what he has broken, and nobody else. */
const always = { seed: 32 };

const names = ['a', 'web', 'b'];

function rootOf({ group, version, namespaced, plural }: ResourceDefinition['type'], namespace = 'default'): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespaced ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
}

const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('fieldManager=fuzz') },
  {
    weight: 1,
    arbitrary: fc
      .dictionary(
        fc.constantFrom('dryRun', 'fieldManager', 'force', 'fieldValidation', 'limit', 'continue', 'labelSelector'),
        fc.oneof(
          fc.constantFrom('All', 'true', 'Strict', '1', '-1', 'a=b', 'a in (b', ''),
          fc.string({ maxLength: 6 }),
        ),
        { maxKeys: 3, noNullPrototype: true },
      )
      .map((asked) => new URLSearchParams(asked).toString()),
  },
);

/** Where something can be sent of a kind, and how. */
function places(definition: ResourceDefinition): fc.Arbitrary<Asked & { readonly name: string }> {
  const below = [...definition.connect.filter((each) => each !== 'proxy' && each !== 'log'), 'status', 'scale'];
  const root = rootOf(definition.type);
  return fc
    .record({
      name: fc.constantFrom(...names),
      method: fc.constantFrom('POST', 'POST', 'POST', 'PUT', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'DELETE'),
      subresource: fc.oneof(
        { weight: 3, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: fc.constantFrom(...below) },
      ),
      patch: fc.constantFrom(...patchTypes),
      query,
    })
    .map(({ name, method, subresource, patch, query }) => {
      const isCollection = method === 'POST' && subresource === '';
      const path = `${root}${isCollection ? '' : `/${name}`}${subresource === '' ? '' : `/${subresource}`}?${query}`;
      return { name, method, path, ...(method === 'PATCH' ? { type: patch } : {}) };
    });
}

/** With the name of the place where it is sent, or nothing would get beyond that. */
function named(value: unknown, { type }: ResourceDefinition, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const metadata = 'metadata' in value && typeof value.metadata === 'object' ? value.metadata : {};
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
  return { ...value, apiVersion, kind: type.kind, metadata: { ...metadata, name, namespace: undefined } };
}

function definitions(): readonly ResourceDefinition[] {
  return cluster.api.catalog.all();
}

describe('the API answers', () => {
  it('objects of every kind that nearly follow its schema, sent to all its places', async () => {
    for (const definition of definitions()) {
      const asked = places(definition).chain((place) =>
        fc.record({
          place: fc.constant(place),
          value: arbitraryOf(definition.schema),
          isYaml: fc.boolean(),
        }),
      );
      await fc.assert(
        fc.asyncProperty(asked, async ({ place, value, isYaml }) => {
          const body = named(value, definition, place.name);
          const yaml = place.type === undefined && isYaml;
          const type = place.type ?? (yaml ? 'application/yaml' : 'application/json');
          await expectAnswer({ ...place, type, body: yaml ? stringify(body) : JSON.stringify(body) });
        }),
        { ...always, numRuns: 25 },
      );
    }
  });

  it('patches of any content', async () => {
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
        path: fc.constantFrom<unknown>(
          '/metadata/labels',
          '/spec',
          '',
          '/',
          '/data/a',
          '/metadata',
          '/spec/containers/0',
          1,
        ),
        from: fc.constantFrom<unknown>('/metadata', '/spec', '', '/x/y', null),
        value: strangeValue,
      },
      { requiredKeys: ['op', 'path'] },
    );
    const kinds = definitions().filter(({ type }) =>
      ['ConfigMap', 'Pod', 'Deployment', 'Service', 'Ship'].includes(type.kind),
    );
    for (const definition of kinds) {
      const path = `${rootOf(definition.type)}/web?fieldManager=fuzz`;
      await send({ method: 'POST', path: rootOf(definition.type), body: JSON.stringify(sampleOf(definition)) });
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 4 }), (operations) =>
          expectAnswer({
            method: 'PATCH',
            path,
            type: 'application/json-patch+json',
            body: JSON.stringify(operations),
          }),
        ),
        { ...always, numRuns: 25 },
      );
    }
  });

  it('protobuf of every kind, as it is and with bytes that are not', async () => {
    for (const definition of definitions()) {
      const { schema, type } = definition;
      if (schema.kind !== 'object' || schema.name === undefined) continue;
      const message = schema.name;
      const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
      const asked = fc.record({
        place: places(definition).filter(({ method }) => method !== 'PATCH'),
        value: arbitraryMessage(message),
        at: fc.nat(),
        byte: fc.option(fc.nat({ max: 255 })),
      });
      await fc.assert(
        fc.asyncProperty(asked, ({ place, value, at, byte }) => {
          const body = envelope(
            { apiVersion, kind: type.kind },
            encodeMessage(Object(named(value, definition, place.name)), message),
          );
          if (byte !== null) body[at % body.length] = byte;
          return expectAnswer({ ...place, type: 'application/vnd.kubernetes.protobuf', body });
        }),
        { ...always, numRuns: 10 },
      );
    }
  });

  it('owned fields that are none', async () => {
    await send({ method: 'POST', path: rootOf(configMaps), body: '{"metadata":{"name":"owned"}}' });
    for (const fieldsV1 of [7, 'x', true, [], null]) {
      const body = JSON.stringify({ metadata: { managedFields: [{ fieldsV1 }] } });
      for (const type of patchTypes.filter((each) => each.includes('merge')))
        await expectAnswer({ method: 'PATCH', path: `${rootOf(configMaps)}/owned`, type, body });
    }
  });

  it.each([
    { name: 'a field', items: { type: 'object', properties: { a: null } } },
    { name: 'a branch', items: { type: 'string', anyOf: [null] } },
  ])('a kind with null in the items of a list for the schema of $name', async ({ items }) => {
    const versions = [
      {
        ...ship.spec.versions[0],
        schema: { openAPIV3Schema: { type: 'object', properties: { rooms: { type: 'array', items } } } },
      },
    ];
    const path = `${rootOf(customResourceDefinitions)}/ships.sea.org`;
    const body = JSON.stringify({ spec: { versions } });
    const answer = await send({ method: 'PATCH', path, type: 'application/merge-patch+json', body });
    expect(answer).toMatchObject({ status: 422, body: expect.stringContaining('must be a schema') });
  });

  it.each([
    { name: 'null', rule: null },
    { name: 'without its text', rule: { a: null } },
  ])('a kind with a rule that is $name', async ({ rule }) => {
    const openAPIV3Schema = { type: 'object', 'x-kubernetes-validations': [rule] };
    const spec = { versions: [{ ...ship.spec.versions[0], schema: { openAPIV3Schema } }] };
    const path = `${rootOf(customResourceDefinitions)}/ships.sea.org`;
    const type = 'application/merge-patch+json';
    const answer = await send({ method: 'PATCH', path, type, body: JSON.stringify({ spec }) });
    expect(answer).toMatchObject({ status: 422, body: expect.stringContaining('rule is not specified') });
  });

  it.each(['apiVersion', 'kind'])('an object whose %s is no text', async (field) => {
    const body = JSON.stringify({ metadata: { name: 'typeless' }, [field]: { toString: 1 } });
    await expectAnswer({ method: 'POST', path: rootOf(configMaps), body });
  });

  it('a stateful set with a claim that has no metadata', async () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const spec = { selector: { matchLabels: { a: 'b' } }, serviceName: 's', template, volumeClaimTemplates: [{}] };
    const body = JSON.stringify({ metadata: { name: 'claims' }, spec });
    await expectAnswer({ method: 'POST', path: '/apis/apps/v1/namespaces/default/statefulsets', body });
  });

  it('a pod with a volume that has no name', async () => {
    const spec = { containers: [{ name: 'c', image: 'i' }], volumes: [{ emptyDir: {} }] };
    const body = encodeMessage({ metadata: { name: 'nameless' }, spec }, 'io.k8s.api.core.v1.Pod');
    const type = 'application/vnd.kubernetes.protobuf';
    const sent = envelope({ apiVersion: 'v1', kind: 'Pod' }, body);
    const answer = await send({ method: 'POST', path: rootOf(pods), type, body: sent });
    expect(answer).toMatchObject({ status: 422, body: expect.stringContaining('spec.volumes[0].name') });
  });

  it.each([
    { name: 'lists in lists', body: '['.repeat(200_000) },
    { name: 'objects in objects', body: '{"a":'.repeat(200_000) },
    {
      name: 'a field that holds objects in objects',
      body: `{"metadata":{"name":"x"},"data":${'{"a":'.repeat(900)}1${'}'.repeat(900)}}`,
    },
    { name: 'a text without an end', body: `{"a":"${'x'.repeat(1_000_000)}` },
    { name: 'a number of many digits', body: `{"metadata":{"generation":${'9'.repeat(10_000)}}}` },
    { name: 'nothing but a byte of zero', body: '\0' },
    { name: 'text that is no UTF-8', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
    {
      name: 'a great many fields',
      body: `{${Array.from({ length: 20_000 }, (_, index) => `"f${index}":1`).join(',')}}`,
    },
    { name: 'the same field again and again', body: `{${'"data":{},'.repeat(50_000)}"kind":"ConfigMap"}` },
    {
      name: 'anchors that grow',
      body: [
        'a: &a [x,x]',
        ...'bcdefghij'.split('').map((each, index) => `${each}: &${each} [${`*${'abcdefghij'[index]},`.repeat(9)}]`),
      ].join('\n'),
      type: 'application/yaml',
    },
    { name: 'YAML in YAML', body: `${'- '.repeat(10_000)}x`, type: 'application/yaml' },
    { name: 'YAML in flow style', body: '['.repeat(5_000), type: 'application/yaml' },
    { name: 'several documents of YAML', body: 'a: b\n---\nc: d\n', type: 'application/yaml' },
    { name: 'tags of YAML', body: 'a: !!js/function "x"\nb: !!binary "x"\n', type: 'application/yaml' },
    { name: 'more than there may be', body: Buffer.alloc(4 * 1024 * 1024, 0x20) },
  ])('$name', async ({ body, type = 'application/json' }) => {
    const path = rootOf(configMaps);
    const asked = [
      { method: 'POST', path, type },
      { method: 'PUT', path: `${path}/web`, type },
      { method: 'DELETE', path: `${path}/web`, type },
      { method: 'POST', path: `${rootOf(pods)}/web/binding`, type },
      ...patchTypes.map((patch) => ({ method: 'PATCH', path: `${path}/web?fieldManager=fuzz`, type: patch })),
    ];
    for (const each of asked) await expectAnswer({ ...each, body });
  });
});

function sampleOf(definition: ResourceDefinition): object {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const specs: Readonly<Record<string, object>> = {
    Pod: { spec: template.spec },
    Deployment: { spec: { replicas: 0, selector: { matchLabels: labels }, template } },
    Service: { spec: { ports: [{ port: 80 }] } },
    Ship: { spec: { crew: 1, rooms: [{ name: 'a' }] } },
  };
  return Object(named({ ...specs[definition.type.kind] }, definition, 'web'));
}
