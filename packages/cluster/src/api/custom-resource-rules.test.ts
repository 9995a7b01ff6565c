import type { CustomResourceDefinition, JSONSchemaProps } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { describe, expect, test } from 'vitest';
import { createMemoryCluster } from '../../testing/memory-cluster.ts';

interface Ship extends KubeObject {
  readonly spec: { readonly crew: number; readonly captain?: string };
  readonly status?: { readonly miles: number };
}

const ships: ResourceType<Ship> = { group: 'sea.org', version: 'v1', kind: 'Ship', plural: 'ships', namespaced: true };

function definition(spec: JSONSchemaProps, status: JSONSchemaProps = { type: 'object' }): CustomResourceDefinition {
  return {
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
          schema: { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec, status } } },
          subresources: { status: {} },
        },
      ],
    },
  };
}

const spec: JSONSchemaProps = {
  type: 'object',
  required: ['crew'],
  properties: { crew: { type: 'integer' }, captain: { type: 'string', maxLength: 8 } },
  'x-kubernetes-validations': [
    { rule: 'self.crew > 0', message: 'a ship needs a crew' },
    { rule: '!has(oldSelf.captain) || self.captain == oldSelf.captain', message: 'the captain stays' },
  ],
};
const status: JSONSchemaProps = {
  type: 'object',
  properties: {
    miles: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf', message: 'miles only grow' }] },
  },
};

function ship(fields: Ship['spec']): Ship {
  return { apiVersion: 'sea.org/v1', kind: 'Ship', metadata: { name: 'anna', namespace: 'default' }, spec: fields };
}

async function served(crd: CustomResourceDefinition) {
  const cluster = await createMemoryCluster();
  await cluster.client.create(customResourceDefinitions, crd);
  return cluster;
}

const key = { namespace: 'default', name: 'anna' };

describe('rules of a custom resource', () => {
  test('refuse what breaks them, on create, update, patch and apply', async () => {
    const { client, close } = await served(definition(spec));
    const message = 'Ship.sea.org "anna" is invalid: spec: Invalid value: "object": a ship needs a crew';
    await expect(client.create(ships, ship({ crew: 0 }))).rejects.toThrow(message);
    const stored = await client.create(ships, ship({ crew: 3, captain: 'Eva' }));
    await expect(client.update(ships, { ...stored, spec: { crew: 0, captain: 'Eva' } })).rejects.toThrow(message);
    await expect(client.patch(ships, key, { type: 'merge', body: { spec: { captain: 'Ada' } } })).rejects.toThrow(
      'the captain stays',
    );
    await expect(
      client.patch(ships, key, { type: 'apply', body: ship({ crew: -1 }), force: true }, { fieldManager: 'test' }),
    ).rejects.toThrow(message);
    await client.patch(ships, key, { type: 'merge', body: { spec: { crew: 4 } } });
    await close();
  });

  test('judge a status by the one before', async () => {
    const { client, close } = await served(definition(spec, status));
    await client.create(ships, ship({ crew: 3 }));
    const write = (miles: number): Promise<Ship> =>
      client.patch(ships, key, { type: 'merge', body: { status: { miles } } }, { subresource: 'status' });
    await write(5);
    await expect(write(4)).rejects.toThrow('status.miles: Invalid value: "integer": miles only grow');
    await close();
  });

  test('are not asked of what has another shape', async () => {
    const { client, close } = await served(definition(spec));
    const tooLong = ship({ crew: 0, captain: 'Bartholomew' });
    await expect(client.create(ships, tooLong)).rejects.toThrow(
      '[spec.captain: Too long: may not be more than 8 bytes, <nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    );
    await close();
  });

  test('are compiled when their definition is created', async () => {
    const { client, close } = await createMemoryCluster();
    const bad = { ...spec, 'x-kubernetes-validations': [{ rule: 'self.creww > 0' }] };
    await expect(client.create(customResourceDefinitions, definition(bad))).rejects.toThrow(
      `spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: apiextensions.ValidationRule{Rule:"self.creww > 0", Message:"", MessageExpression:"", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:"", OptionalOldSelf:(*bool)(nil)}: compilation failed: ERROR: <input>:1:5: undefined field 'creww'`,
    );
    await close();
  });

  test('have no place in the branches of a choice', async () => {
    const { client, close } = await createMemoryCluster();
    const bad: JSONSchemaProps = { type: 'object', anyOf: [{ 'x-kubernetes-validations': [{ rule: 'true' }] }] };
    await expect(client.create(customResourceDefinitions, definition(bad))).rejects.toThrow(
      'openAPIV3Schema.properties[spec].anyOf[0].x-kubernetes-validations: Forbidden: must be empty to be structural',
    );
    await close();
  });

  test('are compiled again when their definition changes', async () => {
    const { client, close } = await served(definition(spec));
    const rule = { rule: 'self.crew > 9', message: 'too few' };
    await client.patch(
      customResourceDefinitions,
      { name: 'ships.sea.org' },
      { type: 'apply', body: definition({ ...spec, 'x-kubernetes-validations': [rule] }), force: true },
      { fieldManager: 'test' },
    );
    await expect(client.create(ships, ship({ crew: 3 }))).rejects.toThrow('too few');
    await close();
  });
});
