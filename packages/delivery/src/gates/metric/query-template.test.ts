import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findUnknownPlaceholders, findUnquotedPlaceholders, resolveQuery } from './query-template.ts';
import { resolveUrl } from './url-template.ts';

const values = {
  namespace: 'default',
  application: 'shop',
  version: '1.4.0',
  stable: '1.3.0',
  service: 'shop-1-4-0-abc',
};

describe('placeholders of a query', () => {
  test.each<[rule: string, template: string, version: string, query: string]>([
    ['are replaced in strings', 'up{v="{{version}}",s="{{ stable }}"}', '2', 'up{v="2",s="1.3.0"}'],
    ['stand in the middle of strings', 'up{v="a{{version}}b"}', '2', 'up{v="a2b"}'],
    ['keep double quotes closed', 'up{v="{{version}}"}', 'a"} or up{x="', String.raw`up{v="a\"} or up{x=\""}`],
    ['keep single quotes closed', "up{v='{{version}}'}", 'a\'b"c', String.raw`up{v='a\'b"c'}`],
    ['escape backslashes and lines', 'up{v="{{version}}"}', 'a\\b\nc', String.raw`up{v="a\\b\nc"}`],
    ['mean themselves in regular expressions', 'up{v=~"{{version}}|x"}', '1.4+', String.raw`up{v=~"1\\.4\\+|x"}`],
    ['and in those that must not match', "up{v !~ '{{version}}'}", '1.4', String.raw`up{v !~ '1\\.4'}`],
    ['are no regular expressions after !=', 'up{v!="{{version}}"}', '1.4', 'up{v!="1.4"}'],
    ['have no escapes in backquotes', 'up{v=~`{{version}}`}', '1.4', 'up{v=~`1\\.4`}'],
    [
      'are found after quotes that were escaped',
      String.raw`up{a="\"",v="{{version}}"}`,
      'x"',
      String.raw`up{a="\"",v="x\""}`,
    ],
    ['are found after comments', '# it\'s "odd\nup{v="{{version}}"}', 'x"', '# it\'s "odd\nup{v="x\\""}'],
  ])('%s', (_, template, version, query) => {
    expect(resolveQuery(template, { ...values, version })).toBe(query);
  });

  test('never leave the string that they stand in, whatever the value', () => {
    const characters = fc.constantFrom('"', "'", '\\', '\n', '`', '{', '}', 'a', '|', '.', '#');
    fc.assert(
      fc.property(fc.string({ unit: characters }), fc.constantFrom('"', "'"), (version, quote) => {
        const query = resolveQuery(`up{v=${quote}{{version}}${quote}}`, { ...values, version });
        const literal = query.slice('up{v='.length + 1, -2);
        expect(literal.replaceAll(/\\./g, '')).not.toMatch(new RegExp(`[${quote}\n\\\\]`));
        expect(literal.replaceAll(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))).toBe(version);
      }),
    );
  });

  test('have a value or are said to have none', () => {
    expect(() => resolveQuery('up{v="{{stable}}"}', { ...values, stable: undefined })).toThrow(
      '{{stable}} has no value: there is no stable version',
    );
    expect(() => resolveQuery('up{v="{{pod}}"}', values)).toThrow('{{pod}} is not a placeholder, expected one of');
    expect(() => resolveQuery('up_{{version}}', values)).toThrow('{{version}} stands outside of a string');
    expect(() => resolveQuery('up{v=`{{version}}`}', { ...values, version: '`' })).toThrow('backquote');
  });

  test('that are unknown or stand outside of strings are found', () => {
    expect(findUnknownPlaceholders('up{a="{{pod}}",b="{{version}}"} {{}}')).toEqual(['pod', '']);
    expect(findUnquotedPlaceholders('up_{{application}}{v="{{version}}"} # "{{stable}}"')).toEqual([
      'application',
      'stable',
    ]);
  });
});

describe('placeholders of a URL', () => {
  test.each<[rule: string, template: string, version: string, url: string]>([
    ['are encoded in a path', 'http://a/x/{{version}}/y', 'a/b?c#d', 'http://a/x/a%2Fb%3Fc%23d/y'],
    ['are encoded in a query', 'http://a/?v={{version}}&s={{stable}}', 'a&b=c d', 'http://a/?v=a%26b%3Dc%20d&s=1.3.0'],
    ['name a host', 'http://{{service}}.{{namespace}}:9090/m', '', 'http://shop-1-4-0-abc.default:9090/m'],
  ])('%s', (_, template, version, url) => {
    expect(resolveUrl(template, { ...values, version }).href).toBe(url);
  });

  test.each([
    ['http://{{version}}/', 'evil/..', 'no part of a host'],
    ['http://{{version}}', '169.254.169.254', 'no part of a host'],
    ['http://a/{{version}}/secret', '..', 'a way in a path'],
    ['http://user:secret@a/', 'v', 'must not hold credentials'],
    ['file:///etc/passwd', 'v', 'must be a URL that begins with http:// or https://'],
    ['//a/b', 'v', 'must be a URL that begins with http:// or https://'],
  ])('%s with %s is refused', (template, version, said) => {
    expect(() => resolveUrl(template, { ...values, version })).toThrow(said);
  });
});
