import { describe, expect, test } from 'vitest';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { createMemoryCluster } from '../../cluster/testing/memory-cluster.ts';
import { applications, type Application } from './api/application.ts';
import { definitions } from './api/definitions/definitions.ts';
import { releases } from './api/release.ts';
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
    ['a strategy that does not exist', { strategy: { type: 'magic' } }, 'spec.strategy.type', '"rolling", "blueGreen"'],
    ['a mistyped number', { replicas: 'three' }, 'replicas', 'of type'],
    ['an unknown route provider', { route: { through: 'istio' } }, 'spec.route.through', '"gateway", "none"'],
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

  test('refuses an unknown field of a pod template where the client asks for it', async () => {
    const cluster = await installed();
    const mistyped = application({ template: { spec: { containers: [{ name: 'web', imgae: 'x' }] } } });
    await expect(cluster.client.create(applications, mistyped, { fieldValidation: 'Strict' })).rejects.toThrow(
      'unknown field "spec.template.spec.containers[0].imgae"',
    );
    await cluster.close();
  });
});
