import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryOf } from '../../testing/arbitrary-object.ts';
import { createCatalog } from './catalog.ts';
import { isJsonObject, shapeObject, type JsonObject, type Shaping } from './shape.ts';

/** As long as this a name is nobody's. */
const strange = 'thisFieldIsOfNoSchema';

/** What becomes of an object, be it a refusal. */
function outcome(object: JsonObject, node: Parameters<typeof shapeObject>[1], type: Shaping): unknown {
  try {
    const { object: shaped, unknownFields } = shapeObject(object, node, type);
    return { shaped, unknownFields: unknownFields.filter((field) => field !== strange) };
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

describe('shapeObject', () => {
  const definitions = createCatalog().all();

  it.each([
    '2024',
    'Tue, 1 Jan 2024 00:00:00 GMT',
    '2024-02-30T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
    '0000-12-31T00:00:00Z',
  ])('takes no time like %j', (renewTime) => {
    const lease = definitions.find(({ type }) => type.kind === 'Lease');
    if (lease === undefined) throw new Error('there are no leases');
    expect(() => shapeObject({ spec: { renewTime } }, lease.schema, lease.type)).toThrow('expected RFC 3339');
  });

  it('does not look at a field that is the one that is known, and at any other', () => {
    const pod = definitions.find(({ type }) => type.kind === 'Pod');
    if (pod === undefined) throw new Error('there are no pods');
    const known = { name: 'web', [strange]: 1 };
    const shaping = { ...pod.type, known };
    expect(shapeObject({ metadata: known }, pod.schema, shaping).unknownFields).toEqual([]);
    expect(shapeObject({ metadata: { ...known } }, pod.schema, shaping).unknownFields).toEqual([`metadata.${strange}`]);
  });

  // Who has a field that is of no schema is walked through in any case, and nothing else of it may depend on that.
  it.each([false, true])('comes to the same by its quick look and by its walk, keeping misfits: %s', (keepsMisfits) => {
    const arbitrary = fc
      .constantFrom(...definitions)
      .chain((definition) => fc.tuple(fc.constant(definition), arbitraryOf(definition.schema)));
    let quick = 0;
    fc.assert(
      fc.property(arbitrary, ([{ type, schema }, value]) => {
        if (!isJsonObject(value)) return;
        const shaping = { ...type, keepsMisfits };
        const first = outcome(value, schema, shaping);
        quick += isJsonObject(first) && first['shaped'] === value ? 1 : 0;
        expect(first).toEqual(outcome({ ...value, [strange]: 1 }, schema, shaping));
      }),
      { numRuns: 3_000 },
    );
    expect(quick).toBeGreaterThan(100);
  });
});
