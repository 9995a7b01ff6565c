import { describe, expect, test } from 'vitest';
import { editManifest, firstManifest, getAt, readManifest } from './manifest.ts';

const text = `# who asks for it
metadata:
  name: shop # the best one
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: web
          resources:
            limits:
              cpu: 500m
`;

describe('a manifest', () => {
  test('is read with what stands for what is missing', () => {
    expect(readManifest(text).manifest).toMatchObject({ namespace: 'default', name: 'shop', spec: { replicas: 2 } });
  });
  test.each([
    ['metadata: [', /./],
    ['just text', /no object/],
    ['metadata: { name: a }', /spec is missing/],
    ['kind: Deployment\nspec: {}', /kind is Deployment/],
    ['a: &a [x]\nspec: *b', /./],
  ])('is none that is %s', (given, fault) => {
    expect(readManifest(given).fault).toMatch(fault);
  });
  test('begins as one that lacks a name and an image alone', () => {
    expect(readManifest(firstManifest).manifest).toMatchObject({ name: '', spec: { strategy: { type: 'blueGreen' } } });
  });
});

describe('an edit', () => {
  test('keeps comments and everything else', () => {
    const edited = editManifest(text, ['spec', 'replicas'], 5);
    expect(edited).toBe(text.replace('replicas: 2', 'replicas: 5'));
  });
  test('makes what is above it', () => {
    const edited = editManifest(text, ['spec', 'route', 'hosts'], ['shop.example.org']);
    expect(readManifest(edited).manifest?.spec.route).toEqual({ hosts: ['shop.example.org'] });
  });
  test('takes away a field, and what is empty then, and no list with it', () => {
    const edited = editManifest(text, ['spec', 'template', 'spec', 'containers', 0, 'resources', 'limits', 'cpu'], '');
    expect(readManifest(edited).manifest?.spec.template?.spec?.containers).toEqual([{ name: 'web' }]);
    expect(editManifest(text, ['spec', 'nothing', 'here'], undefined)).toBe(text);
  });
  test('leaves a text alone that cannot be read', () => {
    expect(editManifest('a: [', ['b'], 1)).toBe('a: [');
  });
});

test('a value is found by its path', () => {
  const value = { a: [{ b: 1 }] };
  expect([getAt(value, ['a', 0, 'b']), getAt(value, ['a', 'b']), getAt(value, ['c', 0])]).toEqual([
    1,
    undefined,
    undefined,
  ]);
});
