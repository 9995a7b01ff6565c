import type { KubeObject } from '@slipway/kube/object';
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

test('hides the copy of a Secret that kubectl keeps in an annotation, and no other annotation', () => {
  const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
  const annotated = (copy: string): KubeObject => ({
    kind: 'Secret',
    metadata: { name: 'keys', annotations: { [lastApplied]: copy, team: 'shop' } },
  });
  expect(hideValues(annotated('{"data":{"a":"MQ=="}}'), annotated('{"data":{"a":"Mg=="}}'))).toEqual([
    annotated('*** (before)'),
    annotated('*** (after)'),
  ]);
  expect(hideValues(annotated('{"data":{"a":"MQ=="}}'), undefined)).toEqual([annotated('***'), undefined]);
});

test('leaves everything else as it is', () => {
  const map = { kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: '1' } };
  expect(hideValues(map, undefined)).toEqual([map, undefined]);
});
