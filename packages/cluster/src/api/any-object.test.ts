/** Whatever stands in an object: the answer is the object or says what is wrong with it, and never that the server failed. */
import fc from 'fast-check';
import { apiVersionOf } from '@slipway/kube/object';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arbitraryMessage } from '../../testing/protobuf-encoder.ts';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { createCatalog } from '../schema/catalog.ts';
import type { ResourceDefinition } from '../schema/definition.ts';
import { adminIdentity } from './authorization.ts';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
});

afterAll(() => cluster.close());

async function create({ type }: ResourceDefinition, object: object): Promise<number> {
  const group = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const { status } = await cluster.api.handle(
    {
      method: 'POST',
      path: `${group}${type.namespaced ? '/namespaces/default' : ''}/${type.plural}`,
      query: new URLSearchParams({ dryRun: 'All' }),
      headers: {},
      body: { json: { ...object, apiVersion: apiVersionOf(type), kind: type.kind } },
    },
    adminIdentity,
  );
  return status;
}

function messageOf({ schema }: ResourceDefinition): string {
  return (schema.kind === 'object' ? schema.name : undefined) ?? '';
}

describe('any object', () => {
  it.each(
    createCatalog()
      .all()
      .filter(({ verbs }) => verbs.includes('create'))
      .map((definition) => ({ definition, kind: definition.type.kind })),
  )('of kind $kind', async ({ definition }) => {
    // What is created of another object finds that there is none.
    const answers = [201, 400, 409, 422, ...(definition.createdBelow === undefined ? [] : [404])];
    const metadata = { name: 'any', namespace: definition.type.namespaced ? 'default' : undefined };
    await fc.assert(
      fc.asyncProperty(arbitraryMessage(messageOf(definition)), fc.boolean(), async (object, isNamed) => {
        const status = await create(definition, isNamed ? { ...object, metadata } : object);
        expect(answers).toContain(status);
      }),
      { numRuns: 60 },
    );
  });
});
