import { describe, expect, it } from 'vitest';
import { warningHeaders } from './warning-header.ts';

describe('warnings as a header', () => {
  it.each<{ name: string; warnings: readonly string[]; said: string | undefined }>([
    { name: 'are none where nothing is to be said', warnings: [], said: undefined },
    { name: 'stand one after the other', warnings: ['a', 'b'], said: '299 - "a", 299 - "b"' },
    { name: 'are quoted', warnings: [String.raw`a "b" \c`], said: String.raw`299 - "a \"b\" \\c"` },
    { name: 'hold no control characters', warnings: ['a\r\nb\0\u{85}c'], said: '299 - "abc"' },
    { name: 'are cut at 256 characters', warnings: ['𝒳'.repeat(300)], said: `299 - "${'𝒳'.repeat(256)}"` },
    { name: 'are said once', warnings: ['a', 'b', 'a'], said: '299 - "a", 299 - "b"' },
    { name: 'are as many as fit', warnings: long(40), said: sent(long(15)) },
  ])('$name', ({ warnings, said }) => {
    const { warning } = warningHeaders(warnings);
    expect(warning && Buffer.from(warning, 'latin1').toString()).toBe(said);
  });
});

function long(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index).padStart(256, 'x'));
}

function sent(texts: readonly string[]): string {
  return texts.map((text) => `299 - "${text}"`).join(', ');
}
