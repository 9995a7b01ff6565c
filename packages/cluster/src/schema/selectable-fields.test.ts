import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { describe, expect, it } from 'vitest';
import { createMemoryCluster } from '../../testing/memory-cluster.ts';
import { checkSelectableFields } from './selectable-fields.ts';

const schema = {
  openAPIV3Schema: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          colour: { type: 'string' },
          masts: { type: 'integer' },
          afloat: { type: 'boolean' },
          length: { type: 'number' },
        },
      },
    },
  },
};

const at = 'spec.versions[0]';
const comparable =
  'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';

function saidOf(...paths: readonly string[]): readonly string[] {
  const selectableFields = paths.map((jsonPath) => ({ jsonPath }));
  return checkSelectableFields({ selectableFields, schema }, at).map(({ field, message }) => `${field}: ${message}`);
}

describe('fields that may be selected by', () => {
  it.each([
    { path: '.spec.colour', says: [] },
    { path: '.spec.masts', says: [] },
    { path: '.spec.afloat', says: [] },
    { path: '', says: [`${at}.selectableFields[0].jsonPath: Required value`] },
    {
      path: '.spec.deck',
      says: [
        `${at}.selectableFields[0].jsonPath: Invalid value: ".spec.deck": is an invalid path: does not refer to a valid field`,
      ],
    },
    {
      path: '.metadata.name',
      says: [`${at}.selectableFields[0]: Invalid value: ".metadata.name": must not point to fields in metadata`],
    },
    { path: '.spec', says: [`${at}.selectableFields[0]: Invalid value: ".spec": ${comparable}`] },
    { path: '.spec.length', says: [`${at}.selectableFields[0]: Invalid value: ".spec.length": ${comparable}`] },
  ])('are judged by what they are: "$path"', ({ path, says }) => {
    expect(saidOf(path)).toEqual(says);
  });

  it('are named once', () => {
    expect(saidOf('.spec.colour', '.spec.colour')).toEqual([
      `${at}.selectableFields[1]: Duplicate value: ".spec.colour"`,
    ]);
  });
});

describe('custom resources', () => {
  const ships: ResourceType = { group: 'sea.org', version: 'v1', kind: 'Ship', plural: 'ships', namespaced: true };
  const definition: CustomResourceDefinition = {
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
          schema,
          selectableFields: [{ jsonPath: '.spec.colour' }, { jsonPath: '.spec.afloat' }],
        },
      ],
    },
  };

  it.each([
    { fields: 'spec.colour=red', names: ['anna'] },
    { fields: 'spec.colour!=red', names: ['bert', 'cleo'] },
    { fields: 'spec.afloat=true', names: ['bert'] },
    { fields: 'spec.colour=', names: ['cleo'] },
  ])('are selected by $fields', async ({ fields, names }) => {
    const cluster = await createMemoryCluster();
    await cluster.client.create(customResourceDefinitions, definition);
    const specs = { anna: { colour: 'red' }, bert: { colour: 'blue', afloat: true }, cleo: {} };
    await expect
      .poll(() =>
        cluster.client.list(ships, { namespace: 'default' }).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    for (const [name, spec] of Object.entries(specs)) {
      const ship: KubeObject & { readonly spec: object } = { metadata: { name, namespace: 'default' }, spec };
      await cluster.client.create(ships, ship);
    }
    const { items } = await cluster.client.list(ships, { namespace: 'default', fieldSelector: fields });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(names);
    await expect(cluster.client.list(ships, { fieldSelector: 'spec.masts=1' })).rejects.toMatchObject({
      reason: 'BadRequest',
      message: 'field label not supported: spec.masts',
    });
    await cluster.close();
  });
});
