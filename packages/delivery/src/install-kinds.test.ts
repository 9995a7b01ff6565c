import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../testing/records.ts';
import type { KubeClient } from '@slipway/kube/client';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { createMemoryCluster } from '../../cluster/testing/memory-cluster.ts';
import { applications, type Application } from './api/application.ts';
import { definitions } from './api/definitions/definitions.ts';
import { createCommand, releaseCommands } from './api/release-command.ts';
import { releases, type Release } from './api/release.ts';
import { installKinds } from './install-kinds.ts';

const largestDefinition = 256 * 1_024;

function application(spec: object): Application {
  const template = { spec: { containers: [{ name: 'web', image: 'statics:v1', ports: [{ containerPort: 8080 }] }] } };
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'default' },
    spec: { template, ...spec },
  };
}

const release: Release = {
  apiVersion: 'slipway.dev/v1alpha1',
  kind: 'Release',
  metadata: { name: 'shop-1', namespace: 'default' },
  spec: releaseSpec({
    applicationUid: 'uid',
    identity: { template: 'a', configuration: 'b' },
    template: { spec: { containers: [{ name: 'web', image: 'statics:v1' }] } },
    strategy: { type: 'rolling' },
    guardSeconds: 300,
    drainSeconds: 30,
    keepFailedSeconds: 30,
  }),
};

async function installed() {
  const cluster = await createMemoryCluster();
  await installKinds(cluster.client, new AbortController().signal);
  return cluster;
}

describe('installKinds', () => {
  test.each(definitions.map((definition) => [definition.metadata.name, definition] as const))(
    '%s stays under 256 KiB',
    (_, definition) => {
      expect(JSON.stringify(definition).length).toBeLessThan(largestDefinition);
    },
  );

  test('resolves when every kind is served, and may run again', async () => {
    const cluster = await installed();
    await installKinds(cluster.client, new AbortController().signal);
    const { items } = await cluster.client.list(customResourceDefinitions);
    expect(items).toHaveLength(definitions.length);
    expect((await cluster.client.list(releases, { namespace: 'default' })).items).toEqual([]);
    await cluster.close();
  });

  test('goes on after an installation that was killed, of which the server remembers no more', async () => {
    const cluster = await createMemoryCluster();
    const [first] = definitions;
    const key = { name: first?.metadata.name ?? '' };
    const watched: Array<string | undefined> = [];
    const { client } = cluster;
    const forgetful: KubeClient = Object.assign(Object.create(client), {
      list: client.list.bind(client),
      // Not served yet, as far as is known.
      patch: async (...args: Parameters<KubeClient['patch']>) => ({ ...(await client.patch(...args)), status: {} }),
      watch: (...[type, options]: Parameters<KubeClient['watch']>) => {
        watched.push(options.resourceVersion);
        throw new StatusError('Expired', `too old resource version: ${options.resourceVersion} of ${type.kind}`);
      },
    });
    await installKinds(forgetful, new AbortController().signal);
    expect(watched).toHaveLength(definitions.length);
    expect(await client.get(customResourceDefinitions, key)).toMatchObject({ spec: { group: 'slipway.dev' } });
    await cluster.close();
  });

  test('gives an Application one replica, so that its scale subresource answers', async () => {
    const cluster = await installed();
    await cluster.client.create(applications, application({}));
    const key = { namespace: 'default', name: 'shop' };
    const stored = await cluster.client.get(applications, key);
    expect(stored.spec.replicas).toBe(1);
    expect(stored.spec.template?.spec?.containers[0]?.ports).toEqual([{ containerPort: 8080, protocol: 'TCP' }]);
    const scale = await cluster.client.get(applications, key, { subresource: 'scale' });
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 } });
    await cluster.close();
  });

  test.each([
    [
      'a strategy that does not exist',
      { strategy: { type: 'magic' } },
      'spec.strategy.type',
      '"rolling", "recreate", "blueGreen"',
    ],
    ['a mistyped number', { replicas: 'three' }, 'replicas', 'of type'],
    ['an unknown route provider', { route: { through: 'nobody' } }, 'spec.route.through', '"istio", "none"'],
    [
      'a container without a name',
      { template: { spec: { containers: [{ image: 'x' }] } } },
      'spec.template.spec.containers[0].name',
      'Required',
    ],
  ])('refuses %s and names the field', async (_, spec, field, said) => {
    const cluster = await installed();
    await expect(cluster.client.create(applications, application(spec))).rejects.toThrow(field);
    await expect(cluster.client.create(applications, application(spec))).rejects.toThrow(said);
    await cluster.close();
  });

  const route = { hosts: ['shop.example.org'] };
  const service = { ports: [{ port: 80 }] };

  test.each([
    [
      'nothing to run',
      { template: undefined },
      'spec: Invalid value: "object": exactly one of template and workloadRef says what should run',
    ],
    [
      'parameters of another strategy',
      { strategy: { type: 'rolling', blueGreen: { autoPromote: false } } },
      'spec.strategy: Invalid value: "object": blueGreen has parameters of the strategy blueGreen: remove it, or set type to blueGreen',
    ],
    [
      'bounds under which no pod could change',
      { strategy: { type: 'rolling', rolling: { maxSurge: 0, maxUnavailable: '0%' } } },
      'spec.strategy.rolling: Invalid value: "object": maxSurge and maxUnavailable are both 0, so no pod could ever change',
    ],
    [
      'a number of pods that is none',
      { strategy: { type: 'rolling', rolling: { maxSurge: 'many' } } },
      'spec.strategy.rolling.maxSurge: Invalid value: "": must be a number of pods or a percentage such as "25%"',
    ],
    ['a route without a port', { route }, 'a route needs a Service with a port: give one in service.ports'],
    [
      'a host that is none',
      { service, route: { hosts: ['*.example.org', 'a b'] } },
      'spec.route.hosts[1]: Invalid value: "string": must be the name of a host, such as shop.example.org',
    ],
    [
      'a preview host with a port',
      { service, route, strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['next.example.org:80'] } } },
      'spec.strategy.blueGreen.previewHosts[0]: Invalid value: "string": must be the name of a host',
    ],
    [
      'a host that is named twice',
      { service, route: { hosts: ['shop.example.org', 'shop.example.org'] } },
      'spec.route.hosts[1]: Duplicate value: "shop.example.org"',
    ],
    [
      'a preview without a route',
      { strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['next.example.org'] } } },
      'strategy.blueGreen.previewHosts are reached through a route',
    ],
    [
      'a preview on a host of the route',
      { service, route, strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['shop.example.org'] } } },
      'a preview needs hosts of its own',
    ],
    [
      'sessions without a route',
      { service, strategy: { type: 'rainbow' } },
      'strategy rainbow keeps sessions by the gateway of Slipway: give a route through gateway',
    ],
    [
      'sessions by a router that has none',
      { service, route: { ...route, through: 'istio' }, strategy: { type: 'rainbow' } },
      'strategy rainbow keeps sessions by the gateway of Slipway: give a route through gateway',
    ],
    [
      'a single version with sessions',
      { service, route, strategy: { type: 'rainbow', rainbow: { maxVersions: 1 } } },
      'spec.strategy.rainbow.maxVersions',
    ],
  ])('refuses %s with a rule of its kind', async (_, spec, message) => {
    const cluster = await installed();
    await expect(cluster.client.create(applications, application(spec))).rejects.toThrow(message);
    await cluster.close();
  });

  test('accepts what the rules are about where it is right', async () => {
    const cluster = await installed();
    const blueGreen = { previewHosts: ['next.example.org'], autoPromote: false };
    const right = { service, route, strategy: { type: 'blueGreen', blueGreen } };
    await cluster.client.create(applications, application(right));
    const rainbow = { maxVersions: 2, maxAgeSeconds: 60, idleSeconds: 5 };
    const kept = application({ service, route, strategy: { type: 'rainbow', rainbow } });
    await cluster.client.create(applications, { ...kept, metadata: { ...kept.metadata, name: 'kept' } });
    await cluster.close();
  });

  test('refuses a name after which no Service can be named', async () => {
    const cluster = await installed();
    const named = { ...application({}), metadata: { name: '1.shop', namespace: 'default' } };
    await expect(cluster.client.create(applications, named)).rejects.toThrow(
      'metadata.name must be a DNS-1035 label of at most 40 characters',
    );
    await cluster.close();
  });

  test('keeps what was asked of a Release and a command as it was', async () => {
    const cluster = await installed();
    const command = createCommand('abort', 'shop', { namespace: 'default', name: 'stop' });
    await cluster.client.create(releaseCommands, command);
    const changed = { type: 'merge', body: { spec: { verb: 'promote' } } } as const;
    await expect(
      cluster.client.patch(releaseCommands, { namespace: 'default', name: 'stop' }, changed),
    ).rejects.toThrow('a command is given once and never changed: create another');
    await cluster.client.create(releases, release);
    const other = { type: 'merge', body: { spec: { template: { spec: { containers: [] } } } } } as const;
    await expect(cluster.client.patch(releases, { namespace: 'default', name: 'shop-1' }, other)).rejects.toThrow(
      'a Release records what was asked: its spec never changes',
    );
    await cluster.close();
  });

  test('refuses an unknown field of a pod template where the client asks for it', async () => {
    const cluster = await installed();
    const mistyped = application({ template: { spec: { containers: [{ name: 'web', imgae: 'x' }] } } });
    await expect(cluster.client.create(applications, mistyped, { fieldValidation: 'Strict' })).rejects.toThrow(
      'unknown field "spec.template.spec.containers[0].imgae"',
    );
    await cluster.close();
  });
});
