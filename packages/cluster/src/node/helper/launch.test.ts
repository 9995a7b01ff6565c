import { describe, expect, it } from 'vitest';
import { helperProtocol } from './helper-options.ts';
import { canTakeOver } from './launch.ts';

const running = { protocol: helperProtocol, isStopping: false, nodeNames: ['slipway'] };

describe('canTakeOver', () => {
  it.each([
    { name: 'the same nodes on a store that was kept', status: running, isEphemeral: false, expected: true },
    { name: 'a store that begins empty', status: running, isEphemeral: true, expected: false },
    { name: 'a helper that stops', status: { ...running, isStopping: true }, isEphemeral: false, expected: false },
    {
      name: 'other nodes',
      status: { ...running, nodeNames: ['slipway', 'slipway-2'] },
      isEphemeral: false,
      expected: false,
    },
    {
      name: 'another protocol',
      status: { ...running, protocol: helperProtocol + 1 },
      isEphemeral: false,
      expected: false,
    },
  ])('says $expected for $name', ({ status, isEphemeral, expected }) => {
    expect(canTakeOver(status, { nodeNames: ['slipway'], isEphemeral })).toBe(expected);
  });
});
