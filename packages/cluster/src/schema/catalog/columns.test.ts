import { describe, expect, it } from 'vitest';
import { createCatalog } from '../catalog.ts';

describe('the first column of a table', () => {
  // kubectl writes the kind before it where it shows several.
  it('says that it is the name', () => {
    const shown = createCatalog()
      .all()
      .filter(({ columns, type }) => columns.some(({ name }) => name === 'Name') && type.kind !== 'Event');
    expect(shown.length).toBeGreaterThan(30);
    for (const { type, columns } of shown)
      expect({ kind: type.kind, ...columns[0] }).toMatchObject({ kind: type.kind, name: 'Name', format: 'name' });
  });
});

describe('a bookmark as the row of a table', () => {
  const watched = createCatalog()
    .all()
    .filter(({ verbs }) => verbs.includes('watch'));

  it.each(watched.map((definition) => ({ kind: definition.type.kind, definition })))(
    'has cells, of $kind',
    ({ definition: { columns } }) => {
      const bookmark = { apiVersion: '', kind: '', metadata: { resourceVersion: '7' } };
      expect(columns.map(({ cell }) => cell(bookmark, 0))).not.toContain(undefined);
    },
  );
});
