import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { signWebhook } from './sign-webhook.ts';

const key = Buffer.from('Jefe');

test('is the HMAC-SHA256 of RFC 4231 over time, a point and the body', () => {
  // Test case 2: "what do ya want for nothing?", which has no point of its own to end the time with.
  const expected = createHmac('sha256', 'Jefe').update('1700000000.{"version":"2"}').digest('hex');
  expect(signWebhook(key, { timestamp: '1700000000', body: '{"version":"2"}' })).toBe(`sha256=${expected}`);
  expect(createHmac('sha256', 'Jefe').update('what do ya want for nothing?').digest('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test.each([
  ['another time', { timestamp: '1700000001', body: '{}' }],
  ['another body', { timestamp: '1700000000', body: '{ }' }],
])('%s has another signature', (_, content) => {
  expect(signWebhook(key, content)).not.toBe(signWebhook(key, { timestamp: '1700000000', body: '{}' }));
});

test('another key has another signature', () => {
  const content = { timestamp: '1700000000', body: '{}' };
  expect(signWebhook(Buffer.from('other'), content)).not.toBe(signWebhook(key, content));
});

test('is the same wherever it is calculated', () => {
  expect(signWebhook(Buffer.from('secret'), { timestamp: '1', body: 'a' })).toBe(
    signWebhook(Buffer.from('secret'), { timestamp: '1', body: 'a' }),
  );
});
