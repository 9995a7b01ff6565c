import type { ConfigMap, Container, Secret, Service } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { testContainer, testPod } from '../../../testing/pod-scenario.ts';
import { calculateCommand } from './command.ts';
import { calculateEnvironment } from './environment.ts';
import { calculateServiceEnvironment } from './service-environment.ts';

const settings: ConfigMap = { metadata: { name: 'settings' }, data: { COLOUR: 'red', SIZE: '3' } };
const keys: Secret = { metadata: { name: 'keys' }, data: { TOKEN: Buffer.from('s3cret').toString('base64') } };

function calculate(container: Partial<Container>, services: Record<string, string> = {}) {
  const pod = testPod();
  const labelled = { ...pod, metadata: { ...pod.metadata, labels: { app: 'shop' } } };
  return calculateEnvironment({
    facts: { pod: labelled, nodeName: 'node-1', podIP: '10.0.0.7', hostIP: '192.0.2.1' },
    container: testContainer(container),
    allocatable: { cpu: '2', memory: '4Gi' },
    services,
    configMaps: new Map([['settings', settings]]),
    secrets: new Map([['keys', keys]]),
  }).variables;
}

describe('variables', () => {
  it.each<{ name: string; env: NonNullable<Container['env']>; expected: Record<string, string> }>([
    { name: 'literal', env: [{ name: 'A', value: 'a' }], expected: { A: 'a' } },
    { name: 'without a value are empty', env: [{ name: 'A' }], expected: { A: '' } },
    {
      name: 'refer to those before them',
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', value: '$(A)b' },
      ],
      expected: { A: 'a', B: 'ab' },
    },
    {
      name: 'keep references to what is unknown',
      env: [
        { name: 'A', value: '$(LATER)' },
        { name: 'LATER', value: '1' },
      ],
      expected: { A: '$(LATER)', LATER: '1' },
    },
    {
      name: 'escape references with two dollars',
      env: [{ name: 'A', value: '$$(A) $$ $x' }],
      expected: { A: '$(A) $ $x' },
    },
    {
      name: 'from a ConfigMap',
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'COLOUR' } } }],
      expected: { A: 'red' },
    },
    {
      name: 'from a Secret',
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'TOKEN' } } }],
      expected: { A: 's3cret' },
    },
    {
      name: 'are left out when an optional key is missing',
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'NOPE', optional: true } } }],
      expected: {},
    },
    {
      name: 'are left out when an optional object is missing',
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'nope', key: 'X', optional: true } } }],
      expected: {},
    },
    {
      name: 'from fields',
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      ],
      expected: { A: 'web', B: 'shop' },
    },
    {
      name: 'from the status before it is written',
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
        { name: 'C', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
      expected: { A: '10.0.0.7', B: '192.0.2.1', C: 'node-1' },
    },
  ])('$name', ({ env, expected }) => {
    expect(calculate({ env })).toEqual(expected);
  });

  it('from resources are rounded up to the divisor; a limit that is not set is what the node has', () => {
    const resources = { limits: { cpu: '1500m' }, requests: { memory: '100Mi' } };
    const from = (resource: string, divisor?: string) => ({ resourceFieldRef: { resource, divisor } });
    const env = [
      { name: 'A', valueFrom: from('limits.cpu') },
      { name: 'B', valueFrom: from('limits.cpu', '1m') },
      { name: 'C', valueFrom: from('requests.memory', '1Mi') },
      { name: 'D', valueFrom: from('limits.memory', '1Gi') },
    ];
    expect(calculate({ env, resources })).toEqual({ A: '2', B: '1500', C: '100', D: '4' });
  });

  it('of all keys of an object get the prefix, and env wins over envFrom over Services', () => {
    const envFrom = [{ configMapRef: { name: 'settings' } }, { prefix: 'K_', secretRef: { name: 'keys' } }];
    const env = [{ name: 'COLOUR', value: 'not $(COLOUR)' }];
    expect(calculate({ envFrom, env }, { SIZE: 'service', OTHER: 'x' })).toEqual({
      COLOUR: 'not red',
      SIZE: '3',
      K_TOKEN: 's3cret',
      OTHER: 'x',
    });
  });

  it.each<{ name: string; container: Partial<Container>; message: string }>([
    {
      name: 'a ConfigMap',
      container: { envFrom: [{ configMapRef: { name: 'nope' } }] },
      message: 'configmap "nope" not found',
    },
    {
      name: 'a Secret',
      container: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'nope', key: 'k' } } }] },
      message: 'secret "nope" not found',
    },
    {
      name: 'a key',
      container: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] },
      message: "couldn't find key k in ConfigMap default/settings",
    },
    {
      name: 'a field',
      container: { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nope' } } }] },
      message: 'fieldPath "spec.nope" is not supported',
    },
  ])('say that $name is missing', ({ container, message }) => {
    expect(() => calculate(container)).toThrow(message);
  });
});

describe('variables of Services', () => {
  const service = (name: string, namespace: string, clusterIP = '10.96.0.5'): Service => ({
    metadata: { name, namespace },
    spec: {
      clusterIP,
      ports: [
        { name: 'http', port: 8080 },
        { name: 'dns-udp', port: 53, protocol: 'UDP' },
      ],
    },
  });

  it('have the form of Docker links', () => {
    expect(calculateServiceEnvironment(testPod(), [service('my-shop', 'default')])).toEqual({
      MY_SHOP_SERVICE_HOST: '10.96.0.5',
      MY_SHOP_SERVICE_PORT: '8080',
      MY_SHOP_SERVICE_PORT_HTTP: '8080',
      MY_SHOP_SERVICE_PORT_DNS_UDP: '53',
      MY_SHOP_PORT: 'tcp://10.96.0.5:8080',
      MY_SHOP_PORT_8080_TCP: 'tcp://10.96.0.5:8080',
      MY_SHOP_PORT_8080_TCP_PROTO: 'tcp',
      MY_SHOP_PORT_8080_TCP_PORT: '8080',
      MY_SHOP_PORT_8080_TCP_ADDR: '10.96.0.5',
      MY_SHOP_PORT_53_UDP: 'udp://10.96.0.5:53',
      MY_SHOP_PORT_53_UDP_PROTO: 'udp',
      MY_SHOP_PORT_53_UDP_PORT: '53',
      MY_SHOP_PORT_53_UDP_ADDR: '10.96.0.5',
    });
  });

  it('come from the own namespace, and of kubernetes from everywhere', () => {
    const pod = { ...testPod(), metadata: { name: 'web', namespace: 'team' } };
    const all = [
      service('kubernetes', 'default'),
      service('other', 'default'),
      service('own', 'team'),
      service('headless', 'team', 'None'),
    ];
    const hosts = Object.keys(calculateServiceEnvironment(pod, all)).filter((name) => name.endsWith('_SERVICE_HOST'));
    expect(hosts).toEqual(['KUBERNETES_SERVICE_HOST', 'OWN_SERVICE_HOST']);
    const unlinked = { ...pod, spec: { containers: [], enableServiceLinks: false } };
    const few = Object.keys(calculateServiceEnvironment(unlinked, all)).filter((name) =>
      name.endsWith('_SERVICE_HOST'),
    );
    expect(few).toEqual(['KUBERNETES_SERVICE_HOST']);
  });
});

describe('the command', () => {
  const image = { entrypoint: ['/entry'], command: ['default'] };
  it.each<{ name: string; container: Partial<Container>; expected: string[] }>([
    { name: 'is the image’s', container: {}, expected: ['/entry', 'default'] },
    { name: 'has the arguments of the container', container: { args: ['own'] }, expected: ['/entry', 'own'] },
    { name: 'of the container drops the arguments of the image', container: { command: ['/own'] }, expected: ['/own'] },
    {
      name: 'and arguments of the container replace both',
      container: { command: ['/own'], args: ['x'] },
      expected: ['/own', 'x'],
    },
    { name: 'refers to variables', container: { command: ['$(A)', '$(B)', '$$(A)'] }, expected: ['a', '$(B)', '$(A)'] },
  ])('$name', ({ container, expected }) => {
    expect(calculateCommand(testContainer(container), image, { A: 'a' })).toEqual(expected);
  });
});
