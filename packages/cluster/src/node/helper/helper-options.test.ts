import { expect, it } from 'vitest';
import { apiSocketOf } from './helper-options.ts';

it('gives every node a door of its own to the API server, by which it is known', () => {
  const options = { apiSocket: '/data/run/api.sock', nodeNames: ['slipway', 'slipway-2', 'slipway-3'] };
  expect(options.nodeNames.map((name) => apiSocketOf(options, name))).toEqual([
    '/data/run/api.sock',
    '/data/run/api-slipway-2.sock',
    '/data/run/api-slipway-3.sock',
  ]);
});
