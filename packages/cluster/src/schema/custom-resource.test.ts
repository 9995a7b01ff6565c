import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { customResources } from './custom-resource.ts';

type Column = NonNullable<CustomResourceDefinition['spec']['versions'][number]['additionalPrinterColumns']>[number];

const now = Date.parse('2026-01-01T00:01:00Z');
const ship = {
  metadata: { name: 'anna' },
  spec: { masts: 2.5, decks: ['upper', 'lower'], afloat: true, launched: '2026-01-01T00:00:00Z', refitted: 'soon' },
};

function columnsOf(columns: readonly Column[]) {
  const version = { name: 'v1', served: true, storage: true, additionalPrinterColumns: columns };
  const names = { plural: 'ships', kind: 'Ship' };
  const [resource] = customResources({
    metadata: {},
    spec: { group: 'sea.org', scope: 'Namespaced', names, versions: [version] },
  });
  return resource?.columns ?? [];
}

describe('a cell', () => {
  it.each<[string, string, unknown]>([
    ['string', '.spec.decks', '["upper","lower"]'],
    ['string', '.spec.decks[*]', 'upper'],
    ['string', '.spec.masts', '2.5'],
    ['integer', '.spec.masts', 2],
    ['integer', '.spec.launched', null],
    ['number', '.spec.masts', 2.5],
    ['boolean', '.spec.afloat', true],
    ['boolean', '.spec.masts', null],
    ['date', '.spec.launched', '60s'],
    ['date', '.spec.refitted', '<invalid>'],
    ['date', '.spec.sunk', null],
  ])('of type %s at %s', (type, jsonPath, cell) => {
    const [, column] = columnsOf([{ name: 'Column', type, jsonPath }]);
    expect(column?.cell(ship, now)).toBe(cell);
  });
});

it('shows names and ages only where a column cannot be read', () => {
  const columns = [
    { name: 'Masts', type: 'number', jsonPath: '.spec.masts' },
    { name: 'Decks', type: 'string', jsonPath: '.spec.decks[' },
  ];
  expect(columnsOf(columns).map(({ name }) => name)).toEqual(['Name', 'Age']);
});
