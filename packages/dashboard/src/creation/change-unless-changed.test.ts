import { expect, test } from 'vitest';
import { application } from '../../testing/release.ts';
import type { SendOptions, Tagged } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';
import { changeUnlessChanged } from './change-unless-changed.ts';

/** A server at whose application the controller writes before the first writes of others. */
function createClient(overtaken: number, generation = 1) {
  const sent: (string | undefined)[] = [];
  return {
    sent,
    getTagged: async <Answer>(): Promise<Tagged<Answer>> => ({
      answer: application({ generation }) as Answer,
      etag: `"${sent.length}"`,
    }),
    send: async <Answer>(_: string, __: string, { ifMatch }: SendOptions = {}) => {
      sent.push(ifMatch);
      if (sent.length <= overtaken) throw new ApiProblem(412, 'it has changed since');
      return undefined as Answer;
    },
  };
}

const wanted = { namespace: 'default', name: 'shop', spec: {} };

test('what the controller writes meanwhile does not stand in the way', async () => {
  const client = createClient(2);
  await changeUnlessChanged(client, wanted, 1);
  expect(client.sent).toEqual(['"0"', '"1"', '"2"']);
});

test('what somebody else has asked for meanwhile does', async () => {
  const client = createClient(0, 2);
  await expect(changeUnlessChanged(client, wanted, 1)).rejects.toThrow('somebody has changed shop');
  expect(client.sent).toEqual([]);
});

test('it gives up in the end', async () => {
  await expect(changeUnlessChanged(createClient(99), wanted, 1)).rejects.toThrow('it has changed since');
});
