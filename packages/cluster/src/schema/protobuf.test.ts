import fc from 'fast-check';
import { StatusError } from '@slipway/kube/status-error';
import { describe, expect, it } from 'vitest';
import { arbitraryMessage, delimited, encodeMessage, envelope, varint } from '../../testing/protobuf-encoder.ts';
import { decodeProtobuf } from './protobuf.ts';

const podType = { apiVersion: 'v1', kind: 'Pod' };
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Undefined: it was an object. */
function failureOf(body: Uint8Array, type?: string): unknown {
  try {
    decode(body, type);
    return undefined;
  } catch (error) {
    return error;
  }
}

const absentOrBadRequest = expect.toSatisfy(
  (failure: unknown) => failure === undefined || (failure instanceof StatusError && failure.reason === 'BadRequest'),
);

function decode(body: Uint8Array, type = 'io.k8s.api.core.v1.Pod'): unknown {
  return decodeProtobuf(body, () => type);
}

/** What kubectl 1.33 sent, and what it prints of the same object as JSON with the nulls left out. */
const sent = [
  {
    name: 'kubectl create deployment web --image=node:24 --replicas=0 --port=8080 -- node -e 1',
    type: 'io.k8s.api.apps.v1.Deployment',
    body: 'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EscBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEpUBCAASDAoKCgNhcHASA3dlYhp7ChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViElsSPQoEbm9kZRIHbm9kZToyNBoEbm9kZRoCLWUaATEqADILCgAQABiQPyIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=',
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'node',
                image: 'node:24',
                command: ['node', '-e', '1'],
                ports: [{ containerPort: 8080 }],
                resources: {},
              },
            ],
          },
        },
        strategy: {},
      },
      status: {},
    },
  },
  {
    name: 'kubectl create secret generic s --from-literal=p=ÿ☃',
    type: 'io.k8s.api.core.v1.Secret',
    body: 'azhzAAoMCgJ2MRIGU2VjcmV0EiEKEQoBcxIAGgAiACoAMgA4AEIAEgoKAXASBcO/4piDGgAaACIA',
    object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { p: 'w7/imIM=' } },
  },
  {
    name: 'kubectl create service nodeport svc --tcp=80:http',
    type: 'io.k8s.api.core.v1.Service',
    body: 'azhzAAoNCgJ2MRIHU2VydmljZRJrCh8KA3N2YxIAGgAiACoAMgA4AEIAWgoKA2FwcBIDc3ZjEkQKHgoHODAtaHR0cBIDVENQGFAiCggBEAAaBGh0dHAoABIKCgNhcHASA3N2YxoAIghOb2RlUG9ydDoAQgBSAFoAYABoABoCCgAaACIA',
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'svc', labels: { app: 'svc' } },
      spec: {
        ports: [{ name: '80-http', protocol: 'TCP', port: 80, targetPort: 'http' }],
        selector: { app: 'svc' },
        type: 'NodePort',
      },
      status: { loadBalancer: {} },
    },
  },
];

describe('decodeProtobuf', () => {
  it.each(sent)('reads $name', ({ body, type, object }) => {
    expect(decode(Buffer.from(body, 'base64'), type)).toEqual(object);
  });

  it.each([
    'io.k8s.api.apps.v1.Deployment',
    'io.k8s.api.core.v1.Pod',
    'io.k8s.api.core.v1.Event',
    'io.k8s.api.core.v1.Secret',
    'io.k8s.api.networking.v1.Ingress',
    'io.k8s.api.coordination.v1.Lease',
    'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  ])('gives back every %s that was written', (type) => {
    fc.assert(
      fc.property(arbitraryMessage(type), (value) => {
        expect(decode(envelope(podType, encodeMessage(value, type)), type)).toEqual({ ...podType, ...value });
      }),
      { numRuns: 40 },
    );
  });

  it('reads schemas, which contain themselves', () => {
    const crd = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
    const items = delimited(24, delimited(1, delimited(5, 'string')));
    const additional = delimited(30, Buffer.concat([varint(1 << 3), varint(1)]));
    expect(decode(envelope(podType, Buffer.concat([items, additional])), crd)).toEqual({
      ...podType,
      items: { type: 'string' },
      additionalProperties: true,
    });
  });

  it('keeps microseconds where they count', () => {
    const time = Buffer.concat([varint(1 << 3), varint(1_767_225_600), varint(2 << 3), varint(12_345_999)]);
    const lease = envelope({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }, delimited(2, delimited(4, time)));
    expect(decode(lease, 'io.k8s.api.coordination.v1.Lease')).toMatchObject({
      spec: { renewTime: '2026-01-01T00:00:00.012345Z' },
    });
  });

  it('takes lists of numbers in one piece', () => {
    const groups = delimited(4, Buffer.concat([varint(1), varint(300)]));
    expect(decode(envelope(podType, groups), 'io.k8s.api.core.v1.PodSecurityContext')).toMatchObject({
      supplementalGroups: [1, 300],
    });
  });

  it('leaves out fields of newer clients', () => {
    expect(decode(envelope(podType, delimited(4_000, 'new')))).toEqual(podType);
  });

  it('keeps names that mean something to JavaScript as names', () => {
    const decoded = decode(
      envelope(podType, encodeMessage({ labels: JSON.parse('{"__proto__":"x"}') }, objectMeta)),
      objectMeta,
    );
    expect(JSON.stringify(decoded)).toContain('{"__proto__":"x"}');
  });
});

/** A pod whose spec holds that. */
function withSpec(...content: readonly Buffer[]): Buffer {
  return envelope(podType, delimited(2, Buffer.concat(content)));
}

describe('hostile bodies', () => {
  it.each([
    { name: 'no prefix', body: Buffer.from('{}'), says: 'missing prefix' },
    { name: 'a number that is cut off', body: withSpec(varint(4 << 3), Buffer.from([0x80])), says: 'cut off' },
    {
      name: 'a number that does not end',
      body: withSpec(varint(4 << 3), Buffer.alloc(11, 0xff)),
      says: 'more than 10 bytes',
    },
    { name: 'a length beyond the end', body: withSpec(Buffer.from([0x1a, 0x7f])), says: 'a value of 127 bytes' },
    {
      name: 'a length beyond all memory',
      body: withSpec(Buffer.from([0x1a]), varint(2n ** 63n)),
      says: 'where only 0 follow',
    },
    { name: 'a group', body: withSpec(Buffer.from([0x0b])), says: 'unknown wire type 3' },
    { name: 'field 0', body: withSpec(Buffer.from([0x00, 0x00])), says: 'number 0' },
    { name: 'a number for a text', body: withSpec(varint(3 << 3), varint(1)), says: 'a number in place of a string' },
    { name: 'text for a number', body: withSpec(delimited(4, 'x')), says: '1 bytes in place of a int' },
    { name: 'text in another encoding', body: withSpec(delimited(3, Buffer.from([0xff]))), says: 'not UTF-8' },
    { name: 'a map entry without a key', body: withSpec(delimited(7, delimited(2, 'x'))), says: 'without a key' },
    {
      name: 'a time beyond the calendar',
      body: envelope(podType, delimited(1, delimited(8, Buffer.concat([varint(1 << 3), varint(2n ** 62n)])))),
      says: 'a time of',
    },
  ])('refuses $name', ({ body, says }) => {
    expect(() => decode(body)).toThrow(
      expect.objectContaining({ reason: 'BadRequest', message: expect.stringContaining(says) }),
    );
  });

  it('refuses what is nested without end', () => {
    let schema: Uint8Array = Buffer.alloc(0);
    for (let depth = 0; depth < 5_000; depth++) schema = delimited(28, schema);
    const type = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
    expect(() => decode(envelope(podType, schema), type)).toThrow('nested deeper than 100 levels');
  });

  it('answers any bytes with an object or with BadRequest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(failureOf(envelope(podType, bytes))).toEqual(absentOrBadRequest);
      }),
      { numRuns: 500 },
    );
  });

  it('answers every part of a body with an object or with BadRequest', () => {
    const whole = Buffer.from(sent[0]?.body ?? '', 'base64');
    for (let length = 0; length < whole.length; length++)
      expect(failureOf(whole.subarray(0, length), 'io.k8s.api.apps.v1.Deployment')).toEqual(absentOrBadRequest);
  });
});
