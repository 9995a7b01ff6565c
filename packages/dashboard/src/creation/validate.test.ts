import { expect, test } from 'vitest';
import type { AcceptedAnswer } from '../api/answers.ts';
import type { SendOptions } from '../api/client.ts';
import { ApiProblem, type FieldFault } from '../api/problem.ts';
import type { Manifest } from './manifest.ts';
import { validate } from './validate.ts';

const weight = { field: 'spec.strategy.canary.steps[0].setWeight', message: 'is too much' };
const accepted: AcceptedAnswer = { namespace: 'default', name: 'shop', generation: 1 };
const taken = { field: 'metadata.name', message: 'there is one' };

/** A server that says the same to everything. */
async function judge(
  name: string,
  answer: ApiProblem | AcceptedAnswer,
  { isBegun = true, ...given }: Partial<Manifest> & { readonly isBegun?: boolean } = {},
) {
  const asked: string[] = [];
  const verdict = await validate(
    {
      send: async <Answer>(method: string, path: string, { body }: SendOptions) => {
        asked.push(`${method} ${path} ${(body as { readonly name?: string }).name ?? ''}`);
        if (answer instanceof ApiProblem) throw answer;
        return answer as Answer;
      },
    },
    {
      manifest: { namespace: 'default', name, spec: {}, ...given },
      mode: 'create',
      isBegun,
      signal: new AbortController().signal,
    },
  );
  return { asked, verdict };
}

const refused = (...faults: readonly FieldFault[]) => new ApiProblem(422, 'it is not valid', { faults });
const fields = ({ verdict }: Awaited<ReturnType<typeof judge>>) =>
  'faults' in verdict ? verdict.faults.map(({ field }) => field) : [];

test('without a name, or with an unfit one, everything else is judged all the same', async () => {
  const unnamed = await judge('', refused(weight));
  expect([unnamed.verdict.state, fields(unnamed)]).toEqual(['incomplete', ['metadata.name', weight.field]]);
  const unfit = await judge('Shop_', refused(weight));
  expect([unfit.verdict.state, fields(unfit)]).toEqual(['invalid', ['metadata.name', weight.field]]);
  expect(unfit.asked).toEqual(['POST /api/v1/namespaces/default/applications?dryRun=true to-be-named']);
});

test('that the name is taken under which it was judged meanwhile is nobody’s fault', async () => {
  const { verdict } = await judge('', new ApiProblem(409, 'there is one'));
  expect(verdict).toMatchObject({ state: 'incomplete', faults: [{ message: 'give it a name' }] });
  expect((await judge('shop', new ApiProblem(409, taken.message))).verdict).toMatchObject({ faults: [taken] });
});

test('nobody is asked of a form that is as it came', async () => {
  const { asked, verdict } = await judge('', refused(weight), { isBegun: false });
  expect([asked, verdict.state]).toEqual([[], 'incomplete']);
});

test('it is valid where nothing is against it', async () => {
  expect((await judge('shop', accepted)).verdict).toEqual({
    state: 'valid',
    unknown: { unread: [], untried: [] },
  });
});

test('what the server could not look at is known to be unknown', async () => {
  const unknown = { unread: ['Secret/database'], untried: ['Job', 'ReplicaSet'] };
  expect((await judge('shop', { ...accepted, ...unknown })).verdict).toEqual({ state: 'valid', unknown });
});

test('nobody is asked of no namespace', async () => {
  expect(await judge('shop', accepted, { namespace: '' })).toMatchObject({
    asked: [],
    verdict: { state: 'incomplete', faults: [{ field: 'metadata.namespace' }] },
  });
});

test('what passes is no verdict', async () => {
  await expect(judge('shop', new ApiProblem(503, 'not now'))).rejects.toThrow('not now');
});
