import { describe, expect, test } from 'vitest';
import { claimRequest, requestOf } from './requested-by.ts';

const asked = (by: string, generation: number) => ({
  'slipway.dev/requested-by': by,
  'slipway.dev/requested-generation': String(generation),
});

describe('who asks for what a spec says', () => {
  test.each([
    { name: 'is who claims the change that it holds', generation: 3, annotations: asked('ann', 3), by: 'ann' },
    { name: 'is nobody after a later change', generation: 4, annotations: asked('ann', 3), by: undefined },
    { name: 'is nobody where nobody says', generation: 1, annotations: {}, by: undefined },
    { name: 'is nobody whose name is empty', generation: 3, annotations: asked('', 3), by: undefined },
  ])('$name', ({ generation, annotations, by }) => {
    expect(requestOf({ name: 'shop', generation, annotations })?.by).toBe(by);
  });

  test.each([
    {
      name: 'is claimed for the change that is made',
      before: { generation: 2, annotations: asked('ann', 2) },
      generation: 3,
      annotations: asked('bob', 3),
    },
    { name: 'is claimed for what is new', before: undefined, generation: 1, annotations: asked('bob', 1) },
    {
      name: 'stays where nothing changes',
      before: { generation: 2, annotations: asked('ann', 2) },
      generation: 2,
      annotations: asked('ann', 2),
    },
    {
      name: 'stays unknown where nothing changes',
      before: { generation: 2 },
      generation: 2,
      annotations: undefined,
    },
  ])('$name', ({ before, generation, annotations }) => {
    const claimed = claimRequest({ name: 'shop' }, { before, tried: { generation }, by: 'bob' });
    expect(claimed).toEqual({ name: 'shop', ...(annotations === undefined ? {} : { annotations }) });
  });
});
