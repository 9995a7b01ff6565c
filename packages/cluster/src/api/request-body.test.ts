import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { encodeMessage, envelope } from '../../testing/protobuf-encoder.ts';
import { adminIdentity } from './authorization.ts';
import { listen, type Listener } from './http-listener.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const configMaps = '/api/v1/namespaces/default/configmaps';
const configMapType = { apiVersion: 'v1', kind: 'ConfigMap' };

let cluster: MemoryCluster;
let listener: Listener;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-body-'));
  cluster = await createMemoryCluster();
  const at = { socketPath: socket() };
  listener = await listen({ api: cluster.api, clock: systemClock, logger: silentLogger, at, identity: adminIdentity });
});

afterEach(async () => {
  await listener.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});

function socket(): string {
  return join(folder, 'api.sock');
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly type: string;
  readonly body: Uint8Array | string;
}

interface Received {
  readonly status: number;
  readonly warning: string | undefined;
  readonly object: unknown;
}

function send({ method = 'POST', path = configMaps, type, body }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const headers = { 'content-type': type, 'content-length': length, accept: `${protobuf},application/json` };
    request({ socketPath: socket(), method, path, headers, agent: false }, (response) => {
      const parsed = text(response).then((answer) => ({
        status: response.statusCode ?? 0,
        warning: response.headersDistinct['warning']?.join(', '),
        object: JSON.parse(answer),
      }));
      parsed.then(resolve, reject);
    })
      .on('error', reject)
      .end(body);
  });
}

describe('bodies of requests', () => {
  it.each([
    { name: 'JSON', type: 'application/json', body: '{"metadata":{"name":"c"},"data":{"a":"b"}}' },
    { name: 'YAML', type: 'application/yaml', body: 'metadata: {name: c}\ndata: {a: b}' },
    {
      name: 'protobuf',
      type: protobuf,
      body: envelope(
        configMapType,
        encodeMessage({ metadata: { name: 'c' }, data: { a: 'b' } }, 'io.k8s.api.core.v1.ConfigMap'),
      ),
    },
  ])('may be $name, and are answered in JSON', async ({ type, body }) => {
    const { status, object } = await send({ type, body });
    expect(status).toBe(201);
    expect(object).toMatchObject({ ...configMapType, metadata: { name: 'c' }, data: { a: 'b' } });
  });

  it('may be options of a deletion in protobuf, which carry the version of what goes', async () => {
    await send({ type: 'application/json', body: '{"metadata":{"name":"c"}}' });
    const options = { preconditions: { uid: 'another' } };
    const body = envelope(
      { apiVersion: 'v1', kind: 'DeleteOptions' },
      encodeMessage(options, 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'),
    );
    const { status } = await send({ method: 'DELETE', path: `${configMaps}/c`, type: protobuf, body });
    expect(status).toBe(409);
  });

  it.each([
    { name: 'JSON that is none', type: 'application/json', body: '{' },
    { name: 'YAML that is none', type: 'application/yaml', body: 'a: [' },
    { name: 'protobuf that is none', type: protobuf, body: 'metadata' },
    { name: 'protobuf that is cut off', type: protobuf, body: Buffer.from('k8s\0\n\x7f') },
    {
      name: 'protobuf of a kind that there is not',
      type: protobuf,
      body: envelope({ apiVersion: 'v1', kind: 'X' }, Buffer.of()),
    },
    {
      name: 'protobuf of another kind',
      type: protobuf,
      body: envelope({ apiVersion: 'v1', kind: 'Secret' }, Buffer.of()),
    },
    {
      name: 'JSON without a bottom',
      type: 'application/json',
      body: `{"data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    },
    {
      name: 'JSON without a bottom where anything may stand',
      type: 'application/json',
      body: `{"metadata":{"name":"c","managedFields":[{"fieldsV1":${'{"f:a":'.repeat(100_000)}{}${'}'.repeat(100_000)}}]}}`,
    },
    { name: 'YAML without a bottom', type: 'application/yaml', body: `a: ${'['.repeat(100_000)}` },
    {
      name: 'text that only looks deep, and is no object',
      type: 'application/json',
      body: JSON.stringify('[{'.repeat(2_000)),
    },
    { name: 'a list', type: 'application/json', body: '[]' },
  ])('are refused with 400: $name', async ({ type, body }) => {
    const { status, object } = await send({ type, body });
    expect(object).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'BadRequest' });
    expect(status).toBe(400);
  });

  it('are refused with 415 in another form', async () => {
    const { status, object } = await send({ type: 'application/x-www-form-urlencoded', body: 'a=b' });
    expect(status).toBe(415);
    expect(object).toMatchObject({ reason: 'UnsupportedMediaType', message: expect.stringContaining(protobuf) });
  });

  it.each(['text/plain', 'application/json', protobuf])('are refused with 415 as a patch of type %s', async (type) => {
    const { status, object } = await send({ method: 'PATCH', path: `${configMaps}/c`, type, body: '{}' });
    expect(status).toBe(415);
    const accepted = ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'];
    expect(object).toMatchObject({
      reason: 'UnsupportedMediaType',
      message: `the body of the request was in an unknown format - accepted media types include: ${accepted.map((each) => `application/${each}`).join(', ')}`,
    });
  });

  it('are refused with 415 in protobuf where a custom resource is meant, which has no numbers for its fields', async () => {
    await cluster.client.create(customResourceDefinitions, {
      metadata: { name: 'ships.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'ships', kind: 'Ship' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    await expect.poll(() => cluster.api.catalog.find('example.com', 'v1', 'ships')).toBeDefined();
    const { status } = await send({
      path: '/apis/example.com/v1/namespaces/default/ships',
      type: protobuf,
      body: envelope({ apiVersion: 'example.com/v1', kind: 'Ship' }, Buffer.of()),
    });
    expect(status).toBe(415);
  });

  it('are refused with 413 when they are too large', async () => {
    const { status } = await send({
      type: 'application/json',
      body: JSON.stringify({ data: { a: 'x'.repeat(4_000_000) } }),
    });
    expect(status).toBe(413);
  });

  it('are refused with 413 when they are YAML that takes long to parse, and say what to do', async () => {
    const body = `data:\n${Array.from({ length: 30_000 }, (_, index) => `  key${index}: value\n`).join('')}`;
    const { status, object } = await send({ type: 'application/yaml', body });
    expect(status).toBe(413);
    expect(object).toMatchObject({
      reason: 'RequestEntityTooLarge',
      message: expect.stringContaining('limit is 262144; send it as JSON'),
    });
  });

  it('may be large where YAML is JSON', async () => {
    const body = JSON.stringify({ metadata: { name: 'c' }, data: { a: 'x'.repeat(300_000) } });
    const { status } = await send({ type: 'application/yaml', body });
    expect(status).toBe(201);
  });

  it.each([
    {
      name: 'JSON',
      type: 'application/json',
      body: '{"metadata":{"name":"c"},"data":{"a":"1","a":"2"},"daata":{}}',
      says: 'duplicate field "data.a", unknown field "daata"',
    },
    {
      name: 'YAML',
      type: 'application/yaml',
      body: 'metadata: {name: c}\ndata: {a: "1"}\ndata: {b: "2"}\n',
      says: 'line 3: key "data" already set in map',
    },
    {
      name: 'an apply',
      method: 'PATCH',
      path: `${configMaps}/c?fieldManager=me`,
      type: 'application/apply-patch+yaml',
      body: '{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1"},"data":{"b":"2"}}',
      says: 'duplicate field "data"',
    },
  ])('that say something twice are refused or warned of as is asked for: $name', async ({ says, path, ...asked }) => {
    const at = path ?? `${configMaps}?`;
    const strict = await send({ ...asked, path: `${at}&fieldValidation=Strict` });
    expect(strict).toMatchObject({
      status: 400,
      object: { message: `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${says}` },
    });
    const ignored = await send({ ...asked, path: `${at}&fieldValidation=Ignore&dryRun=All` });
    expect(ignored).toMatchObject({ status: 201, warning: undefined });
    const warned = await send({ ...asked, path: `${at}&fieldValidation=Warn` });
    const warnings = says.split(', ').map((each) => `299 - ${JSON.stringify(each)}`);
    expect(warned).toMatchObject({ status: 201, warning: warnings.join(', ') });
  });
});
