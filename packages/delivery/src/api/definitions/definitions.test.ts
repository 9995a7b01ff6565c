import { describe, expect, test, vi } from 'vitest';
import { definitions } from './definitions.ts';

describe('the rules of the kinds', () => {
  async function judge(proven: typeof definitions) {
    // Whatever has met a rule before has loaded the rules for all who share the modules.
    vi.resetModules();
    const { createCatalog } = await import('../../../../cluster/src/schema/catalog.ts');
    const kind = createCatalog({ proven }).find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    return definitions.map((definition) =>
      kind?.validateRules?.(kind.applyDefaults(definition), { stored: undefined, faults: [] }),
    );
  }

  test('are not even loaded by a start that knows them', async () => {
    expect(await judge(definitions)).toEqual(definitions.map(() => []));
  });

  test('are loaded by one that does not', async () => {
    await expect(judge([])).rejects.toThrow('a module is needed that has not been read yet');
  });
});
