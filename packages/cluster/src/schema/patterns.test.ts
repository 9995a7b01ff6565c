import { describe, expect, test } from 'vitest';
import { validatePatterns, withinPatternTime } from './patterns.ts';
import { validateStructural, type StructuralSchema } from './structural-schema.ts';

const text = `${'a'.repeat(60)}!`;

function said(pattern: string, values: readonly string[]): readonly string[] {
  const schema: StructuralSchema = { type: 'array', items: { type: 'string', pattern } };
  return withinPatternTime(() => validateStructural(values, schema, 'list')).map(({ message }) => message);
}

describe('a pattern', () => {
  test.each(['^(a+)+$', '^(a|a)*$', '^(?:a*)*b$', '^a*a*a*a*a*a*a*a*a*a*a*a*b$'])(
    'that goes back and forth for ever does not stop the server: %s',
    (pattern) => {
      const { user, system } = process.cpuUsage();
      expect(
        said(
          pattern,
          Array.from({ length: 50 }, () => text),
        ),
      ).toEqual([expect.stringContaining('could not be held against the patterns of its schema within 100 ms')]);
      const used = process.cpuUsage({ user, system });
      // Fifty such texts would take fifty times the age of the world.
      expect((used.user + used.system) / 1_000).toBeLessThan(10_000);
    },
  );

  test('that repeats a group is asked like any other', () => {
    const subdomain = String.raw`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`;
    expect(said(subdomain, ['a.example', 'b'])).toEqual([]);
    expect(said(subdomain, ['A'])).toEqual([expect.stringContaining('in body should match')]);
  });

  test('that cannot be read is named, and an example of a user is none', () => {
    const schema = { properties: { a: { pattern: '(' }, b: { default: { pattern: '(' } } } };
    expect(validatePatterns(schema, 'schema').map(({ field }) => field)).toEqual(['schema.properties.a.pattern']);
  });
});
