import { expect, test } from 'vitest';
import { hideValues } from './secret-values.ts';

const secret = (data: object): { kind: string; metadata: { name: string }; data: object } => ({
  kind: 'Secret',
  metadata: { name: 'keys' },
  data,
});

test('shows which value of a Secret is another one, and none of them', () => {
  expect(hideValues(secret({ a: 'MQ==', b: 'Mg==', gone: 'Mw==' }), secret({ a: 'MQ==', b: 'NA==' }))).toEqual([
    secret({ a: '***', b: '*** (before)', gone: '*** (before)' }),
    secret({ a: '***', b: '*** (after)' }),
  ]);
});

test('hides the values of a Secret that is new', () => {
  expect(hideValues(undefined, secret({ a: 'MQ==' }))).toEqual([undefined, secret({ a: '***' })]);
});

test('leaves everything else as it is', () => {
  const map = { kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: '1' } };
  expect(hideValues(map, undefined)).toEqual([map, undefined]);
});
