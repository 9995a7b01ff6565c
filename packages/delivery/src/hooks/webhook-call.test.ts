import { expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { callWebhook } from './webhook-call.ts';

const order = {
  key: 'run',
  number: 1,
  namespace: 'default',
  webhook: { url: 'https://a.example/in?token=opensesame' },
  body: '{}',
  timeoutMilliseconds: 1_000,
};
const readSecret = (): Promise<never> => Promise.reject(new Error('no Secret'));
const { signal } = new AbortController();

it('tells an answer without what its address holds that is secret', async () => {
  const start = `no /in?token=opensesame, ${'x'.repeat(990)} opensesame`;
  const post = () => Promise.resolve({ status: 404, start });
  const answer = await callWebhook(order, { clock: new FakeClock(), post, readSecret }, signal);
  expect(answer).toMatchObject({
    outcome: 'failed',
    answer: expect.stringMatching(/^no \/in\(hidden\), x{990} \(hid/),
  });
});

it('tells why there is no answer without it either', async () => {
  const post = () => Promise.reject(new Error('no way to /in?token=opensesame'));
  const answer = await callWebhook(order, { clock: new FakeClock(), post, readSecret }, signal);
  expect(answer).toMatchObject({ outcome: 'error', answer: 'no way to /in(hidden)' });
});
