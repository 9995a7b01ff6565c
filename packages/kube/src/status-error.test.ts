import { expect, test } from 'vitest';
import { StatusError, statusErrorFrom } from './status-error.ts';

test('names its reason in the answer', () => {
  expect(new StatusError('NotFound', 'gone').toStatus()).toMatchObject({ reason: 'NotFound', code: 404 });
});

test('leaves an unknown reason out of the answer, as Kubernetes does, and knows such an answer again', () => {
  const { reason, ...status } = new StatusError('Unknown', 'failed').toStatus();
  expect(reason).toBeUndefined();
  expect(statusErrorFrom(500, status)).toMatchObject({ reason: 'Unknown', code: 500, message: 'failed' });
});
