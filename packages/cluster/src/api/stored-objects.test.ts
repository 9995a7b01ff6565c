/** What is kept as text, read as objects and sent as text again is one thing, whoever wrote it and however. */
import fc from 'fast-check';
import { isJsonObject } from '../schema/shape.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arbitraryOf } from '../../testing/arbitrary-object.ts';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { createCatalog } from '../schema/catalog.ts';
import { adminIdentity } from './authorization.ts';
import { eventText, toContent } from './stored-text.ts';

interface Write {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly json: unknown;
}

const catalog = createCatalog();
const kinds = ['configmaps', 'secrets', 'services', 'serviceaccounts'].flatMap((plural) => {
  const definition = catalog.find('', 'v1', plural);
  return definition === undefined ? [] : [definition];
});

const contentTypes = {
  POST: ['application/json'],
  PUT: ['application/json'],
  PATCH: ['application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'],
  DELETE: ['application/json'],
} as const;

/** Mostly of the schema, and of few names, so that there is something to change. */
const write: fc.Arbitrary<Write> = fc
  .record({
    definition: fc.constantFrom(...kinds),
    method: fc.constantFrom('POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE'),
    name: fc.constantFrom('a', 'b'),
    choice: fc.nat(2),
  })
  .chain(({ definition, method, name, choice }) =>
    arbitraryOf(definition.schema).map((object) => {
      const types = contentTypes[method];
      const contentType = types[choice % types.length] ?? types[0];
      const collection = `/api/v1/namespaces/default/${definition.type.plural}`;
      const { metadata } = isJsonObject(object) ? object : {};
      const json =
        method === 'DELETE'
          ? {}
          : {
              ...(isJsonObject(object) ? object : {}),
              apiVersion: 'v1',
              kind: definition.type.kind,
              metadata: { ...(isJsonObject(metadata) ? { labels: metadata['labels'] } : {}), name },
            };
      return { method, contentType, path: method === 'POST' ? collection : `${collection}/${name}`, json };
    }),
  );

describe('stored objects', () => {
  let cluster: MemoryCluster;
  let watching: AbortController;

  beforeEach(async () => {
    cluster = await createMemoryCluster();
    watching = new AbortController();
  });

  afterEach(async () => {
    watching.abort();
    await cluster.close();
  });

  async function send({ method, path, contentType, json }: Write): Promise<number> {
    const { status, body } = await cluster.api.handle(
      {
        method,
        path,
        query: new URLSearchParams(method === 'PATCH' ? { fieldManager: 'tester' } : {}),
        headers: { 'content-type': contentType },
        body: { json },
      },
      adminIdentity,
    );
    if (body.kind !== 'json') throw new Error('a write was answered without JSON');
    expect(String(toContent(body.value))).toBe(JSON.stringify(body.value));
    return status;
  }

  async function follow(plural: string): Promise<AsyncIterable<unknown>> {
    const path = `/api/v1/namespaces/default/${plural}`;
    const query = new URLSearchParams({ watch: 'true', resourceVersion: String(cluster.store.revision) });
    const request = { method: 'GET', path, query, headers: {}, signal: watching.signal };
    const { body } = await cluster.api.handle(request, adminIdentity);
    if (body.kind !== 'watch') throw new Error('a watch was answered without a stream');
    return body.events;
  }

  it('are answered, watched and kept as their own JSON after any writes', async () => {
    let [written, watched] = [0, 0];
    const streams = await Promise.all(kinds.map(({ type }) => follow(type.plural)));
    const readers = streams.map(async (events) => {
      for await (const event of events) {
        watched += 1;
        expect(eventText(event)).toBe(`${JSON.stringify(event)}\n`);
      }
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 12 }), async (writes) => {
        for (const each of writes) if ((await send(each)) < 300) written += 1;
        for (const { value } of cluster.store.list('/')) expect(JSON.stringify(JSON.parse(value))).toBe(value);
      }),
      { numRuns: 60 },
    );
    watching.abort();
    await Promise.all(readers);
    // Otherwise nothing was looked at.
    expect(Math.min(written, watched)).toBeGreaterThan(20);
  });
});
