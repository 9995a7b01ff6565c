import fc from 'fast-check';
import { expect, it } from 'vitest';
import { storeKey } from './object-key.ts';

it('is that of the object that is asked for, whichever was asked for before', () => {
  const resources = [
    { group: '', plural: 'pods' },
    { group: 'apps', plural: 'deployments' },
  ];
  const object = fc.record({
    resource: fc.constantFrom(...resources),
    namespace: fc.constantFrom(undefined, 'a', 'b'),
    name: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(object), (objects) => {
      for (const { resource, namespace, name } of objects)
        expect(storeKey(resource, namespace, name)).toBe(
          ['', resource.group, resource.plural, namespace ?? '', name].join('/'),
        );
    }),
  );
});
