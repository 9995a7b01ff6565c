import { expect, it } from 'vitest';
import { condition, summary } from '../../testing/summary.ts';
import { describeState } from './state-words.ts';

const candidate = { release: 'shop-2', version: '2', phase: 'Progressing' };

it.each([
  {
    name: 'who serves',
    given: { serving: { version: '1', release: 'shop-1' } },
    text: 'Version 1 serves.',
    tone: 'calm',
  },
  { name: 'what it waits for', given: { waitingFor: 'a pod' }, text: 'It waits for a pod.', tone: 'wait' },
  { name: 'that a release goes on', given: { candidate }, text: 'It goes on.', tone: 'calm' },
  {
    name: 'what a release waits for',
    given: { candidate: { ...candidate, waitingFor: '1 of 2 pods' } },
    text: 'Waits for 1 of 2 pods',
    tone: 'calm',
  },
  {
    name: 'that a person is waited for',
    given: { candidate: { ...candidate, waitingFor: 'somebody to approve sign-off' } },
    text: 'Waits for somebody to approve sign-off',
    tone: 'wait',
  },
  {
    name: 'a failure before all others',
    given: { candidate, conditions: [condition('Failed', 'True', { message: 'version 2: not healthy' })] },
    text: 'version 2: not healthy',
    tone: 'bad',
  },
  {
    name: 'what the release waits for that goes on beside it',
    given: {
      candidate: { ...candidate, waitingFor: 'somebody to approve sign-off' },
      conditions: [condition('Valid', 'False', { message: 'spec.replicas: is negative' })],
    },
    text: 'spec.replicas: is negative; version 2 waits for somebody to approve sign-off',
    tone: 'bad',
  },
])('tells $name', ({ given, text, tone }) => {
  expect(describeState(summary(given))).toEqual({ tone, text });
});

it('tells that nobody serves', () => {
  const { serving: _, ...given } = summary({});
  expect(describeState(given)).toEqual({ tone: 'calm', text: 'No version serves.' });
});
