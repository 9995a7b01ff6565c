import { describe, expect, test } from 'vitest';
import { createCatalog } from '../../../../cluster/src/schema/catalog.ts';
import { definitions } from './definitions.ts';

/** In a file of its own: whatever had met a rule before would have loaded the rules for all. */
describe('the rules of the kinds', () => {
  function judge(proven: typeof definitions) {
    const kind = createCatalog({ proven }).find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    return definitions.map((definition) =>
      kind?.validateRules?.(kind.applyDefaults(definition), { stored: undefined, faults: [] }),
    );
  }

  test('are not even loaded by a start that knows them', () => {
    expect(judge(definitions)).toEqual(definitions.map(() => []));
  });

  test('are loaded by one that does not', () => {
    expect(() => judge([])).toThrow('the rules of custom resources are not loaded yet');
  });
});
