import { expect, test } from 'vitest';
import { RequestKey } from './request-key.ts';

function createKey(): RequestKey {
  let drawn = 0;
  return new RequestKey(() => {
    drawn += 1;
    return `key-${drawn}`;
  });
}

const path = '/api/v1/namespaces/default/applications';

test('the same, asked again after a failure, is asked under the same key', () => {
  const key = createKey();
  expect(key.of(path, { name: 'shop' })).toBe('key-1');
  expect(key.of(path, { name: 'shop' })).toBe('key-1');
});

test('what was corrected in between is another request', () => {
  const key = createKey();
  const keys = [{ name: 'shop' }, { name: 'shop', spec: {} }, { name: 'shop' }].map((body) => key.of(path, body));
  expect(keys).toEqual(['key-1', 'key-2', 'key-3']);
});

test('so is the same elsewhere, with a body or without', () => {
  const key = createKey();
  expect(key.of('/api/v1/webhooks/a/rotate')).toBe('key-1');
  expect(key.of('/api/v1/webhooks/b/rotate')).toBe('key-2');
  expect(key.of('/api/v1/webhooks/b/rotate')).toBe('key-2');
});

test('what was done is asked for a second time under a key of its own', () => {
  const key = createKey();
  key.of('/api/v1/webhooks/a/rotate');
  key.forget();
  expect(key.of('/api/v1/webhooks/a/rotate')).toBe('key-2');
});
