import { describe, expect, test } from 'vitest';
import { assignColours, colourClass, colourCount, type Colours } from './version-colours.ts';

const none: Colours = new Map();

describe('versions', () => {
  test('that are shown together look different, and keep their colour whatever else comes', () => {
    const [first = '', ...versions] = Array.from({ length: 40 }, (_, index) => `1.${index}.0`);
    let known = assignColours({ known: none, shown: [first], recent: [] });
    for (const [index, version] of versions.entries()) {
      const before = versions[index - 1] ?? first;
      const next = assignColours({ known, shown: [before, version], recent: versions.slice(0, index).toReversed() });
      expect(next.get(version)).not.toBe(next.get(before));
      expect(next.get(before)).toBe(known.get(before));
      known = next;
    }
  });

  test('have the same colour after a rollback, whichever of them serves', () => {
    const known = assignColours({ known: none, shown: ['1', '2'], recent: [] });
    expect(assignColours({ known, shown: ['2', '1'], recent: ['2', '1'] })).toEqual(known);
  });

  test('that come back and look like another one there are given another colour', () => {
    const known: Colours = new Map([
      ['1', 2],
      ['9', 2],
    ]);
    const colours = assignColours({ known, shown: ['9', '1'], recent: [] });
    expect(colours.get('9')).toBe(2);
    expect(colours.get('1')).not.toBe(2);
  });

  test('that are more than there are colours keep what they have', () => {
    const shown = Array.from({ length: colourCount + 2 }, (_, index) => String(index));
    const known = assignColours({ known: none, shown, recent: [] });
    expect(new Set(known.values()).size).toBe(colourCount);
    expect(assignColours({ known, shown, recent: [] })).toEqual(known);
  });

  test('that were given no colour look like none that was', () => {
    expect([colourClass(undefined), colourClass(0)]).toEqual(['colour-none', 'colour-0']);
  });
});
