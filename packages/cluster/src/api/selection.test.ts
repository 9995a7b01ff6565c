/** Selectors of requests, in the words of kube-apiserver 1.32. */
import { describe, expect, it } from 'vitest';
import { configMaps, pods } from '@slipway/kube/resources';
import { createCatalog } from '../schema/catalog.ts';
import { createMatcher } from './selection.ts';

function matcher(selectors: object, { group, version, plural }: typeof pods | typeof configMaps = configMaps): unknown {
  const definition = createCatalog().find(group, version, plural);
  if (definition === undefined) throw new Error(`${plural} are not served`);
  return createMatcher(definition, new URLSearchParams({ ...selectors }));
}

function selects(labelSelector: string, labels: Readonly<Record<string, string>>): unknown {
  const found = matcher({ labelSelector });
  return typeof found === 'function' ? found({ metadata: { labels } }) : true;
}

describe('label selectors', () => {
  it.each<[string, Readonly<Record<string, string>>, boolean]>([
    [' ', {}, true],
    ['x', { x: '' }, true],
    ['!x', { x: '' }, false],
    ['! x', {}, true],
    ['x=a , y==b', { x: 'a', y: 'b' }, true],
    ['x!=a', {}, true],
    ['x=,y', { x: '', y: '' }, true],
    ['x in (a,,b)', { x: '' }, true],
    ['x in()', { x: '' }, true],
    ['x in (,)', { x: 'a' }, false],
    ['in in (in,notin)', { in: 'notin' }, true],
    ['x notin (a),y', { y: '' }, true],
    ['x>1', { x: '2' }, true],
    ['x > 9', { x: '10' }, true],
    ['x<1', { x: '1' }, false],
    ['x<1', { x: 'a' }, false],
    ['x<1', {}, false],
  ])('%j of %j: %s', (selector, labels, selected) => {
    expect(selects(selector, labels)).toBe(selected);
  });

  it.each([
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['(a)', "found '(', expected: !, identifier, or 'end of string'"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a=!', "unable to parse requirement: found '!', expected: identifier"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
    [
      'a>b',
      `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ['a/b/c', /^unable to parse requirement: <nil>: Invalid value: "a\/b\/c": a qualified name must consist of/],
    ['a'.repeat(64), /: name part must be no more than 63 characters$/],
    ['a=-b', /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b": a valid label must be an empty/],
    ['a<-1', /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-1": a valid label/],
    ['a in (b,-c)', /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-c": a valid label/],
    ['a'.repeat(70_000), 'a label selector may not be longer than 65536 characters'],
  ])('%j are refused', (labelSelector, message) => {
    expect(() => matcher({ labelSelector })).toThrow(message);
  });
});

describe('field selectors', () => {
  it.each([
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['metadata.name=a,x', "invalid selector: 'metadata.name=a,x'; can't understand 'x'"],
    ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name=a\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
    ['spec.a=b', '"spec.a" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ])('%j are refused', (fieldSelector, message) => {
    expect(() => matcher({ fieldSelector })).toThrow(expect.objectContaining({ code: 400, message }));
  });

  it('of kinds with fields of their own name the field that is none of them', () => {
    expect(() => matcher({ fieldSelector: 'spec.a=b' }, pods)).toThrow('field label not supported: spec.a');
  });

  it.each([
    ['spec.host=one', true],
    ['spec.host=two', false],
    ['status.podIPs=', true],
    ['status.podIPs=10.0.0.1', false],
  ])('of pods may name what clients of old did: %s', (fieldSelector, selected) => {
    const found = matcher({ fieldSelector }, pods);
    const pod = { metadata: {}, spec: { nodeName: 'one' }, status: { podIPs: [{ ip: '10.0.0.1' }] } };
    expect(typeof found === 'function' && found(pod)).toBe(selected);
  });

  it.each(['', ',', 'metadata.name=a,', 'metadata.name=a\\,b\\=c\\\\'])('may be %j', (fieldSelector) => {
    expect(() => matcher({ fieldSelector })).not.toThrow();
  });
});
