import { describe, expect, it } from 'vitest';
import { redact, redactBody, redactField } from './redact.ts';

describe('what is kept of a request', () => {
  it.each([
    ['a token', { token: 'x' }, { token: '(hidden)' }],
    ['a password, however deep', { a: [{ dbPassword: 'x' }] }, { a: [{ dbPassword: '(hidden)' }] }],
    ['a list of secrets', { secrets: ['x'] }, { secrets: '(hidden)' }],
    ['the value of a variable', { env: [{ name: 'KEY', value: 'x' }] }, { env: [{ name: 'KEY', value: '(hidden)' }] }],
    ['a value that has no name beside it', { header: { value: 'v' } }, { header: { value: 'v' } }],
    [
      'where a secret is',
      { secretRef: { name: 'a' }, tlsSecretName: 'b' },
      { secretRef: { name: 'a' }, tlsSecretName: 'b' },
    ],
    ['the query of an address', { url: 'https://a.org/b?key=x' }, { url: 'https://a.org/b?(hidden)' }],
    ['numbers, nothing and truth', { a: 1, b: null, c: true }, { a: 1, b: null, c: true }],
  ])('%s', (_, given, kept) => {
    expect(redact(given)).toEqual(kept);
  });

  it.each([
    ['a text', 'slipway_secret', { type: 'string', length: 14 }],
    ['a list', ['slipway_secret'], { type: 'array', length: 1 }],
    ['a number', 12, { type: 'number', length: 2 }],
    ['nothing', null, { type: 'null', length: 4 }],
    ['an object', { a: 1 }, { a: 1 }],
    ['no body', undefined, undefined],
  ])('of a body that is %s', (_, given, kept) => {
    expect(redactBody(given)).toEqual(kept);
  });

  it.each([
    ['of the request', 'body/verb', 'body/verb'],
    ['of an object of the cluster', 'spec.template.spec.containers[0].image', 'spec.template.spec.containers[0].image'],
    ['that is a secret', 'body/password', 'body/password'],
    ['among the variables', 'body/spec/environment/HUNTER2', 'body/spec/environment'],
    ['in what is secret', 'spec.tokens[hunter2].value', 'spec.tokens'],
    ['of a long name', `body/${'x'.repeat(1_000)}`, `body/${'x'.repeat(295)}…`],
  ])('of a field %s', (_, given, kept) => {
    expect(redactField(given)).toBe(kept);
  });

  it('is bounded in depth, length and number', () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 100; level += 1) deep = { deep };
    const kept = JSON.stringify(
      redact({ deep, long: 'x'.repeat(10_000), many: Array.from({ length: 10_000 }, () => 1) }),
    );
    expect(kept.length).toBeLessThan(1_000);
  });
});
