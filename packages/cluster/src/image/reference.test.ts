import { describe, expect, it } from 'vitest';
import { formatReference, parseReference } from './reference.ts';

describe('parseReference', () => {
  it.each([
    { text: 'statics', full: 'docker.io/library/statics:latest' },
    { text: 'statics:v1', full: 'docker.io/library/statics:v1' },
    { text: 'docker.io/statics:v1', full: 'docker.io/library/statics:v1' },
    { text: 'webdeva/statics:v1', full: 'docker.io/webdeva/statics:v1' },
    { text: 'docker.io/webdeva/statics:v1', full: 'docker.io/webdeva/statics:v1' },
    { text: 'localhost/a', full: 'localhost/a:latest' },
    { text: 'localhost:5000/a/b:1.2', full: 'localhost:5000/a/b:1.2' },
    { text: 'registry.example.org/a', full: 'registry.example.org/a:latest' },
  ])('reads $text as $full', ({ text, full }) => {
    const reference = parseReference(text);
    expect(reference && formatReference(reference)).toBe(full);
  });

  it.each(['', 'Statics', 'a b', ':v1', 'statics:', 'a//b', '../etc', 'a@sha256:1', `a:${'x'.repeat(129)}`])(
    'refuses "%s"',
    (text) => expect(parseReference(text)).toBeUndefined(),
  );
});
